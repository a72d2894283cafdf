package compare

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

func TestLong(t *testing.T) {
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	if seed == 0 {
		t.Skip()
	}
	for _, g := range []generator{{}, {mixed: true}, {variables: true}, {variables: true, mixed: true}} {
		g.Rand = rand.New(rand.NewPCG(uint64(seed), 7))
		t.Logf("%+v", tryRandom(t, &g, 3000, 1000))
	}
}
