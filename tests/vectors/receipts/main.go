// Makes receipts' files as another implementation would, and checks ours.
//
// The keys, notes, trees and paths are those of golang.org/x/mod/sumdb (Debian's
// golang-golang-x-mod-dev); only the lines around them are written here. `vectors.json` beside this
// file is what `make` printed, and tests/unit/test_receipt_vectors.py reads it.
//
//	apt-get install golang-go golang-golang-x-mod-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go make > vectors.json
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go check VERIFIER-KEY < receipt.txt
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	head = "c2sp.org/tlog-proof@v1"
	name = "mashang.example/receipts"
)

type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for n, index := range indexes {
		found[n] = s[index]
	}
	return found, nil
}

type file struct {
	Size      int64  `json:"size"`
	Index     int64  `json:"index"`
	Statement string `json:"statement"`
	File      string `json:"file"`
}

type vectors struct {
	Name  string `json:"name"`
	Seed  string `json:"seed"`
	Key   string `json:"key"`
	Files []file `json:"files"`
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func statement(size, index int64) string {
	return fmt.Sprintf(`{"counter":null,"kind":"评价","number":%d,"of":%d}`, index, size)
}

func grow(size int64) stored {
	var tree stored
	for n := int64(0); n < size; n++ {
		tree = append(tree, must(tlog.StoredHashes(n, []byte(statement(size, n)), tree))...)
	}
	return tree
}

func origin(root tlog.Hash) string {
	return fmt.Sprintf("%s/%x", name, root[:16])
}

func write(signer note.Signer, tree stored, size, index int64) file {
	root := must(tlog.TreeHash(size, tree))
	said := statement(size, index)
	lines := []string{head, "extra " + base64.StdEncoding.EncodeToString([]byte(said)), fmt.Sprintf("index %d", index)}
	for _, hash := range must(tlog.ProveRecord(size, index, tree)) {
		lines = append(lines, hash.String())
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin(root), size, root)
	signed := must(note.Sign(&note.Note{Text: text}, signer))
	return file{size, index, said, strings.Join(lines, "\n") + "\n\n" + string(signed)}
}

func makeAll() {
	seed := []byte("thirty-two bytes, and no secret!")
	private, public, err := note.GenerateKey(bytes.NewReader(seed), name)
	if err != nil {
		log.Fatal(err)
	}
	signer := must(note.NewSigner(private))
	all := vectors{Name: name, Seed: string(seed), Key: public}
	for _, size := range []int64{1, 2, 3, 7} {
		for index := int64(0); index < size; index++ {
			all.Files = append(all.Files, write(signer, grow(size), size, index))
		}
	}
	for _, index := range []int64{0, 127, 128, 199} {
		all.Files = append(all.Files, write(signer, grow(200), 200, index))
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	if err := out.Encode(all); err != nil {
		log.Fatal(err)
	}
}

func check(key string) {
	verifier := must(note.NewVerifier(key))
	text := string(must(io.ReadAll(os.Stdin)))
	before, signed, _ := strings.Cut(text, "\n\n")
	opened := must(note.Open([]byte(signed), note.VerifierList(verifier)))
	tree := strings.Split(opened.Text, "\n")
	size := must(strconv.ParseInt(tree[1], 10, 64))
	root := must(tlog.ParseHash(tree[2]))
	lines := strings.Split(before, "\n")
	said := must(base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra ")))
	index := must(strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64))
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		proof = append(proof, must(tlog.ParseHash(line)))
	}
	if err := tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(said)); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("signed by %s, leaf %d of %d: %s\n", opened.Sigs[0].Name, index, size, said)
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "check" {
		check(os.Args[2])
		return
	}
	makeAll()
}
