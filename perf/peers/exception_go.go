// exception with Go: panic and recover, which is what it has beside error values.
package main

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

var asAsked = errors.New("as asked")

//go:noinline
func failing() { panic(asAsked) }

func throwAndCatch(done *int64) {
	defer func() {
		if recover() == asAsked {
			atomic.AddInt64(done, 1)
		}
	}()
	failing()
}

func main() {
	operations("exception", 200000, 100, func(count, size int) (int, uint64) {
		left, done := int64(count), int64(0)
		var all sync.WaitGroup
		all.Add(size)
		for i := 0; i < size; i++ {
			go func() {
				defer all.Done()
				for atomic.AddInt64(&left, -1) >= 0 {
					throwAndCatch(&done)
					runtime.Gosched()
				}
			}()
		}
		all.Wait()
		return int(done), 0
	})
}
