// Checks a running ledger with code of the Go project: golang.org/x/mod/sumdb/note and tlog, the client side of the
// checksum database that every Go toolchain trusts. Everything is read over HTTP, as any stranger would.
//
//	LEDGER_KEY=… xmod -ledger http://127.0.0.1:4600/ledgers/default -vkey '…' [-promise FILE -promise-vkey '…']
//
// It opens the checkpoint as a signed note, authenticates every tile against its root, compares every entry with the
// leaf hash at its index, and makes and checks the inclusion proof of every entry and the consistency proof from every
// earlier size. Prints what it counted as one line of JSON; exits 1 with a sentence at the first thing that is wrong.
//
// Works with Go 1.19 and x/mod 0.7 (Debian 12) and later, without modules:
// GO111MODULE=off GOPATH=/usr/share/gocode go run main.go.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// A source fetches what lies below the prefix of one ledger, and keeps it: tiles never change.
type source struct {
	prefix string
	key    string
	kept   map[string][]byte
}

func (s *source) get(path string) ([]byte, error) {
	if kept, ok := s.kept[path]; ok {
		return kept, nil
	}
	request, err := http.NewRequest("GET", s.prefix+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if s.key != "" {
		request.Header.Set("Authorization", "Bearer "+s.key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<25))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s: status %d", path, response.StatusCode)
	}
	s.kept[path] = body
	return body, nil
}

// The checksum database writes tile/8/<level> and tile/8/data where tlog-tiles writes tile/<level> and tile/entries.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func (s *source) Height() int { return tileHeight }

func (s *source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	contents := make([][]byte, len(tiles))
	for i, tile := range tiles {
		content, err := s.get(pathOf(tile))
		if err != nil {
			return nil, err
		}
		contents[i] = content
	}
	return contents, nil
}

func (s *source) SaveTiles([]tlog.Tile, [][]byte) {}

func openNote(text []byte, vkey string) (string, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", fmt.Errorf("the key: %v", err)
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	return opened.Text, nil
}

// treeOf reads a checkpoint: origin, size, root.
func treeOf(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not one of the key's name")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("the root is not 32 bytes in base64")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// entriesOf reads every entry below the size from the entry tiles.
func entriesOf(s *source, size int64) ([][]byte, error) {
	var entries [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		content, err := s.get(pathOf(tlog.Tile{H: tileHeight, L: -1, N: n, W: int(width)}))
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
				return nil, fmt.Errorf("entry tile %d ends inside entry %d", n, i)
			}
			length := 2 + int(binary.BigEndian.Uint16(content))
			entries = append(entries, content[2:length])
			content = content[length:]
		}
		if len(content) != 0 {
			return nil, fmt.Errorf("entry tile %d has %d bytes too many", n, len(content))
		}
	}
	return entries, nil
}

func checkInclusion(tree tlog.Tree, reader tlog.HashReader, entries [][]byte) error {
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return fmt.Errorf("entry %d: %v", index, err)
		}
		leaf := tlog.RecordHash(entry)
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaf); err != nil {
			return fmt.Errorf("entry %d is not included: %v", index, err)
		}
		leaf[index%tlog.HashSize] ^= 1
		if tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaf) == nil {
			return fmt.Errorf("entry %d: another leaf is included in its place", index)
		}
	}
	return nil
}

func checkConsistency(tree tlog.Tree, reader tlog.HashReader) error {
	for size := int64(1); size < tree.N; size++ {
		earlier, err := tlog.TreeHash(size, reader)
		if err != nil {
			return fmt.Errorf("size %d: %v", size, err)
		}
		proof, err := tlog.ProveTree(tree.N, size, reader)
		if err != nil {
			return fmt.Errorf("size %d: %v", size, err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, earlier); err != nil {
			return fmt.Errorf("the ledger is no extension of itself at %d: %v", size, err)
		}
	}
	return nil
}

func run(prefix, vkey, promise, promiseVkey string) error {
	s := &source{prefix: prefix, key: os.Getenv("LEDGER_KEY"), kept: map[string][]byte{}}
	checkpoint, err := s.get("checkpoint")
	if err != nil {
		return err
	}
	text, err := openNote(checkpoint, vkey)
	if err != nil {
		return fmt.Errorf("checkpoint: %v", err)
	}
	tree, err := treeOf(text, vkey[:strings.Index(vkey, "+")])
	if err != nil {
		return err
	}
	if promise != "" {
		signed, err := os.ReadFile(promise)
		if err != nil {
			return err
		}
		if _, err := openNote(signed, promiseVkey); err != nil {
			return fmt.Errorf("promise: %v", err)
		}
	}
	entries, err := entriesOf(s, tree.N)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, s)
	if err := checkInclusion(tree, reader, entries); err != nil {
		return err
	}
	if err := checkConsistency(tree, reader); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int64{
		"size": tree.N, "inclusion": int64(len(entries)), "consistency": tree.N - 1,
	})
}

func main() {
	prefix := flag.String("ledger", "", "address of the ledger, without a slash at its end")
	vkey := flag.String("vkey", "", "the key of its checkpoints")
	promise := flag.String("promise", "", "file of a promise to open as well")
	promiseVkey := flag.String("promise-vkey", "", "the key of its promises")
	flag.Parse()
	if err := run(*prefix, *vkey, *promise, *promiseVkey); err != nil {
		fmt.Fprintln(os.Stderr, "xmod:", err)
		os.Exit(1)
	}
}
