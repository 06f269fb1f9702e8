package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type remote struct{ url string }

func (r remote) Height() int                                { return 8 }
func (r remote) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func (r remote) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := get(r.url + "/log/" + strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func get(url string) ([]byte, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Verifies the log at a URL with a verifier key: the checkpoint, the inclusion of every seventh leaf, and the consistency with
// a tree of an earlier size.
func main() {
	url, key := os.Args[1], os.Args[2]
	older, err := strconv.ParseInt(os.Args[3], 10, 64)
	check(err)
	verifier, err := note.NewVerifier(key)
	check(err)
	signed, err := get(url + "/log/checkpoint")
	check(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		check(fmt.Errorf("the origin is %s", lines[0]))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, remote{url})
	proven := 0
	for n := int64(0); n < size; n += 7 {
		bundle, err := get(url + "/log/tile/entries/" + entryPath(n, size))
		check(err)
		entry := bundle[(n%256)*34+2 : (n%256)*34+34]
		proof, err := tlog.ProveRecord(size, n, reader)
		check(err)
		check(tlog.CheckRecord(proof, size, root, n, tlog.RecordHash(entry)))
		proven++
	}
	olderRoot, err := tlog.TreeHash(older, reader)
	check(err)
	proof, err := tlog.ProveTree(size, older, reader)
	check(err)
	check(tlog.CheckTree(proof, size, root, older, olderRoot))
	fmt.Printf("%d leaves, %d proven, %s\n", size, proven, olderRoot)
}

// The bundle of a leaf, up to the end of the tree.
func entryPath(n, size int64) string {
	number, width := n/256, size-n/256*256
	if width >= 256 {
		return fmt.Sprintf("%03d", number)
	}
	return fmt.Sprintf("%03d.p/%d", number, width)
}
