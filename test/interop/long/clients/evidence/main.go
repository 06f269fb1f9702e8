// A witness of transparency-dev for one log, and a verifier of evidence bundles that shares no code with ours.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/witness/persistence/inmemory"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	switch os.Args[1] {
	case "witness":
		serve(os.Args[2])
	case "verify":
		verify(os.Args[2], os.Args[3], os.Args[4:])
	}
}

// Serves a witness of the log with this key. The first line of output has its address, the second its key.
func serve(logKey string) {
	log, err := note.NewVerifier(logKey)
	check(err)
	private, public, err := note.GenerateKey(rand.Reader, "witness.example")
	check(err)
	signer, err := fnote.NewSignerForCosignatureV1(private)
	check(err)
	w, err := witness.New(context.Background(), witness.Opts{
		Persistence: inmemory.New(),
		Signers:     []note.Signer{signer},
		VerifierForLog: func(_ context.Context, origin string) (note.Verifier, bool, error) {
			return log, origin == log.Name(), nil
		},
	})
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	key, err := fnote.VKeyToCosignatureV1(public)
	check(err)
	fmt.Printf("http://%s\n%s\n", listener.Addr(), key)
	http.HandleFunc("POST /add-checkpoint", witness.NewHTTPHandler(w).AddCheckpoint)
	check(http.Serve(listener, nil))
}

type header struct {
	Bundle     string `json:"bundle"`
	Checkpoint string `json:"checkpoint"`
	Events     int    `json:"events"`
}

type line struct {
	Event json.RawMessage `json:"event"`
	Proof string          `json:"proof"`
}

// Verifies a bundle as docs/compliance.md describes it, with the keys of the log and of witnesses that all have to have signed.
func verify(file, logKey string, witnessKeys []string) {
	log, err := note.NewVerifier(logKey)
	check(err)
	verifiers := []note.Verifier{log}
	for _, key := range witnessKeys {
		one, err := fnote.NewVerifierForCosignatureV1(key)
		check(err)
		verifiers = append(verifiers, one)
	}
	opened, err := os.Open(file)
	check(err)
	scanner := bufio.NewScanner(opened)
	scanner.Buffer(nil, 4<<20)
	scanner.Scan()
	var head header
	check(json.Unmarshal(scanner.Bytes(), &head))
	signed, err := note.Open([]byte(head.Checkpoint), note.VerifierList(verifiers...))
	check(err)
	if len(signed.Sigs) != len(verifiers) {
		check(fmt.Errorf("%d of %d keys signed", len(signed.Sigs), len(verifiers)))
	}
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != log.Name() {
		check(fmt.Errorf("the origin is %s", lines[0]))
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	events := 0
	for scanner.Scan() {
		var one line
		check(json.Unmarshal(scanner.Bytes(), &one))
		verifyEvent(one, head.Checkpoint, size, root)
		events++
	}
	check(scanner.Err())
	if events != head.Events {
		check(fmt.Errorf("%d events, not %d", events, head.Events))
	}
	fmt.Printf("%d events of %d, %d signatures\n", events, size, len(signed.Sigs))
}

func verifyEvent(one line, checkpoint string, size uint64, root tlog.Hash) {
	proofLines, note, _ := strings.Cut(one.Proof, "\n\n")
	if note != checkpoint {
		check(fmt.Errorf("the proof has another checkpoint"))
	}
	rows := strings.Split(proofLines, "\n")
	if rows[0] != "c2sp.org/tlog-proof@v1" {
		check(fmt.Errorf("%s is no tlog-proof", rows[0]))
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(rows[1], "index "), 10, 64)
	check(err)
	var hashes [][]byte
	var record tlog.RecordProof
	for _, row := range rows[2:] {
		hash, err := tlog.ParseHash(row)
		check(err)
		hashes = append(hashes, hash[:])
		record = append(record, hash)
	}
	// The line is canonical JSON, so these are the bytes that the entry is a hash of.
	entry := sha256.Sum256(one.Event)
	check(tlog.CheckRecord(record, int64(size), root, int64(index), tlog.RecordHash(entry[:])))
	leaf := rfc6962.DefaultHasher.HashLeaf(entry[:])
	check(proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf, hashes, root[:]))
}
