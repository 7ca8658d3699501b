// Package shopdata generates the data of a shop that does not exist: its
// articles, its customers and a stream of orders, some of them planted with a
// known defect.
//
// The data is a pure function of the options: the same seed gives the same
// shop on every machine and in every process. A sandbox that is filled with a
// shop and a checker that generates the same shop therefore share one
// expectation without talking to each other.
//
// Every figure is exact. The rules by which lines, VAT and totals are computed
// are written at [LineTotal] and [Order.Compute]; a checker compares a target
// system against them.
//
// Names, addresses, numbers and e-mail addresses are put together at random.
// E-mail domains end in .example, bar codes lie in the range that is reserved
// for use inside a shop, and no text describes a real person or company.
package shopdata
