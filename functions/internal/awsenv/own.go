package awsenv

import "github.com/aws/aws-sdk-go-v2/aws"

// What only one function uses is opened in a package of its own, with these: whatever this package imports, all functions
// carry, and start with.

// Need returns a variable that the function cannot do without; when it is missing, Run tells so in place of starting.
func (e *Env) Need(name string) string { return e.need(name) }

// Optional returns a variable, or nothing.
func (e *Env) Optional(name string) string { return e.variable(name) }

// AWS is how clients find and sign in to AWS.
func (e *Env) AWS() aws.Config { return e.aws() }

// Check keeps an error from starting, unless it comes of something that is known to be missing.
func (e *Env) Check(err error) {
	if len(e.missing) == 0 {
		e.lack(err)
	}
}
