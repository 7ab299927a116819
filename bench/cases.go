package main

// cases are all cases, in the order of the report.
func cases() []*testCase {
	var all []*testCase
	all = append(all, xaddCases()...)
	all = append(all, partitionCases()...)
	all = append(all, stringCases()...)
	all = append(all, groupCases()...)
	all = append(all, waiterCases()...)
	all = append(all, deliveryCases()...)
	all = append(all, rangeCases()...)
	all = append(all, pendingCases()...)
	all = append(all, pubsubCases()...)
	all = append(all, besideCases()...)
	all = append(all, memoryCases()...)
	all = append(all, restartCases()...)
	all = append(all, jetstreamCases()...)
	return append(all, clusterCases()...) // last: their clusters run until the end
}
