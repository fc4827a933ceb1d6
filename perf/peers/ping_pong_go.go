// ping_pong with Go: two channels of capacity 0.
package main

func main() {
	operations("ping_pong", 300000, 1, func(count, _ int) (int, uint64) {
		there, back := make(chan int64), make(chan int64)
		go func() {
			for v := range there {
				back <- v
			}
			close(back)
		}()
		done := 0
		for i := int64(0); i < int64(count); i++ {
			there <- i
			if <-back == i {
				done++
			}
		}
		close(there)
		<-back
		return done, 0
	})
}
