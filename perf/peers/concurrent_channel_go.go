// concurrent_channel with Go: a producer and a consumer, each on a thread of its own.
package main

import "runtime"

func main() {
	operations("concurrent_channel", 2000000, 1024, func(count, size int) (int, uint64) {
		runtime.GOMAXPROCS(2)
		values := make(chan int64, size)
		counted := make(chan int)
		go func() {
			runtime.LockOSThread()
			done := 0
			for v := range values {
				if v == int64(done) {
					done++
				}
			}
			counted <- done
		}()
		runtime.LockOSThread()
		for i := int64(0); i < int64(count); i++ {
			values <- i
		}
		close(values)
		return <-counted, 0
	})
}
