//go:build !unix

package emulator

// lock says that this system cannot run the emulators: starting them needs a Unix shell, too.
func lock(string) (unlock func(), err error) {
	return nil, missing{"this test's emulator runs on Linux and macOS only"}
}
