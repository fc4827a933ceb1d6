// producer_consumer with Go: a channel with a buffer, whose size is the capacity.
package main

func main() {
	operations("producer_consumer", 1000000, 1024, func(count, size int) (int, uint64) {
		values := make(chan int64, size)
		counted := make(chan int)
		go func() {
			done := 0
			for v := range values {
				if v == int64(done) {
					done++
				}
			}
			counted <- done
		}()
		for i := int64(0); i < int64(count); i++ {
			values <- i
		}
		close(values)
		return <-counted, 0
	})
}
