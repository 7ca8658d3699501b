package connectortest

import (
	"context"
	"testing"
	"testing/synctest"
)

type (
	// tester is what the suite needs of a test; the tests of the suite pass one that takes notes.
	tester interface {
		Helper()
		Context() context.Context
		Errorf(format string, args ...any)
		Fatalf(format string, args ...any)
		Cleanup(f func())
		Run(name string, f func(t tester)) bool
		// Bubble runs f on a clock of its own that jumps ahead when everybody waits; f must not use the network.
		Bubble(f func(t tester))
	}

	testingT struct{ *testing.T }

	// question is one thing the suite asks, under the words it says when the answer is wrong.
	question[T any] struct {
		says string
		ask  func(t tester, about T)
	}
)

func (t testingT) Run(name string, f func(t tester)) bool {
	t.Helper()
	return t.T.Run(name, func(t *testing.T) { f(testingT{t}) })
}

func (t testingT) Bubble(f func(t tester)) {
	t.Helper()
	synctest.Test(t.T, func(t *testing.T) { f(testingT{t}) })
}
