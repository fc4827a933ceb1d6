// yield with Go: a ring of goroutines that give way. An operation is one of them giving way once.
package main

import (
	"runtime"
	"sync"
)

func main() {
	operations("yield", 1000000, 2, func(count, size int) (int, uint64) {
		turns := make([]int, size)
		var all sync.WaitGroup
		all.Add(size)
		for i := 0; i < size; i++ {
			own := count / size
			if i < count%size {
				own++
			}
			go func(i, own int) {
				defer all.Done()
				for ; turns[i] < own; turns[i]++ {
					runtime.Gosched()
				}
			}(i, own)
		}
		all.Wait()
		done := 0
		for _, own := range turns {
			done += own
		}
		return done, 0
	})
}
