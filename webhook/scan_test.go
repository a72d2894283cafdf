package webhook

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// TestSpecial holds the search through eight bytes at once against one byte after the other.
func TestSpecial(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []byte("ab\"\\\x00\x1f\x20\x21\x7f\x80\xa2\xdc\xff")
	for range 200_000 {
		var eight [8]byte
		want := 8
		for i := range eight {
			eight[i] = alphabet[random.IntN(len(alphabet))]
			if c := eight[i]; want == 8 && (c == '"' || c == '\\' || c < 0x20) {
				want = i
			}
		}
		if got := bits.TrailingZeros64(special(binary.LittleEndian.Uint64(eight[:]))) / 8; got != want {
			t.Fatalf("%q: %d, want %d", eight, got, want)
		}
	}
}
