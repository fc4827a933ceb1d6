// spawn_batch with Go: a wait group joins each batch.
package main

import (
	"sync"
	"sync/atomic"
)

func main() {
	operations("spawn_batch", 1000000, 1000, func(count, size int) (int, uint64) {
		var done int64
		for left := count; left > 0; left -= size {
			batch := size
			if left < size {
				batch = left
			}
			var all sync.WaitGroup
			all.Add(batch)
			for i := 0; i < batch; i++ {
				go func() {
					atomic.AddInt64(&done, 1)
					all.Done()
				}()
			}
			all.Wait()
		}
		return int(done), 0
	})
}
