// Package emulator downloads and starts stand-ins for the cloud's services, so that the adapters can be tested without an
// account: DynamoDB Local, ElasticMQ for SQS, and moto for KMS and EventBridge.
//
// Tests of adapters call it, and nothing else does. It gives the address of a server that is ready; making a client, and
// tables or queues of the test's own in it, it leaves to the caller: all tests of a process share a server. Versions are
// pinned in pom.xml and requirements.txt. What is downloaded lies in the user's cache directory and never in the source.
package emulator

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// The three servers of this process. They are package variables because a process is what they are to be started once in,
// and a test has nothing else to share them through.
var (
	dynamoDB = sync.OnceValues(func() (*server, error) { return begin(dynamoDBLocal()) })
	sqs      = sync.OnceValues(func() (*server, error) { return begin(elasticMQ()) })
	moto     = sync.OnceValues(func() (*server, error) { return begin(motoServer()) })
)

// DynamoDB returns the address of DynamoDB Local. It keeps its tables in memory, the same for every region and credential.
func DynamoDB(t testing.TB) string {
	t.Helper()
	return address(t, dynamoDB)
}

// SQS returns the address of an ElasticMQ without queues, with the limits of SQS.
func SQS(t testing.TB) string {
	t.Helper()
	return address(t, sqs)
}

// Moto returns the address of a moto server, which plays KMS and EventBridge.
func Moto(t testing.TB) string {
	t.Helper()
	return address(t, moto)
}

// missing is what this machine lacks, with what to do about it.
type missing struct{ advice string }

func (m missing) Error() string { return m.advice }

// address starts the server unless it runs already. A test is skipped where the machine lacks something, except in CI: there
// it fails, or nobody would notice that the adapters are no longer tested.
func address(t testing.TB, running func() (*server, error)) string {
	t.Helper()
	s, err := running()
	var m missing
	switch {
	case errors.As(err, &m) && os.Getenv("CI") != "true":
		t.Skip(m.advice)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what %s logged is in %s", s.name, s.log)
		}
	})
	return s.url
}

func dynamoDBLocal() program {
	return program{
		name:    "DynamoDB Local",
		install: func(c cache) (string, error) { return c.jars("dynamodb") },
		command: func(folder, port string) []string {
			return []string{"java", "-Xmx512m", "-Djava.library.path=" + folder, "-cp", filepath.Join(folder, "*"),
				"software.amazon.dynamodb.services.local.main.ServerRunner", "-inMemory", "-sharedDb", "-disableTelemetry", "-port", port}
		},
	}
}

func elasticMQ() program {
	return program{
		name:    "ElasticMQ",
		install: func(c cache) (string, error) { return c.jars("sqs") },
		command: func(folder, port string) []string {
			return []string{"java", "-Xmx512m", "-Drest-sqs.bind-hostname=127.0.0.1", "-Drest-sqs.bind-port=" + port, "-Drest-sqs.sqs-limits=strict",
				"-Dnode-address.host=127.0.0.1", "-Dnode-address.port=" + port, "-Drest-stats.enabled=false",
				"-cp", filepath.Join(folder, "*"), "org.elasticmq.server.Main"}
		},
	}
}

func motoServer() program {
	return program{
		name:    "moto",
		install: func(c cache) (string, error) { return c.environment("moto") },
		command: func(folder, port string) []string {
			return []string{filepath.Join(folder, "bin", "python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", port}
		},
	}
}
