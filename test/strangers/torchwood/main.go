// Checks tlog-proofs with torchwood, the transparency log library of Filippo Valsorda.
//
//	torchwood-proof POLICY PROOF ENTRY
//
// POLICY is a C2SP tlog-policy, PROOF a tlog-proof, ENTRY the bytes of the entry it is about. Exits 1 with a sentence when the
// proof does not verify.
package main

import (
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func run(policyFile, proofFile, entryFile string) error {
	var read [3][]byte
	for i, name := range []string{policyFile, proofFile, entryFile} {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		read[i] = content
	}
	policy, err := torchwood.ParsePolicy(read[0])
	if err != nil {
		return fmt.Errorf("policy: %v", err)
	}
	return torchwood.VerifyProof(policy, tlog.RecordHash(read[2]), read[1])
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: torchwood-proof POLICY PROOF ENTRY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "torchwood-proof:", err)
		os.Exit(1)
	}
}
