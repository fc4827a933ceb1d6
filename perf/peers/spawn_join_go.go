// spawn_join with Go: one goroutine at a time, whose end a channel tells.
package main

func main() {
	operations("spawn_join", 300000, 1, func(count, _ int) (int, uint64) {
		done := 0
		ended := make(chan struct{})
		for i := 0; i < count; i++ {
			go func() {
				done++
				ended <- struct{}{}
			}()
			<-ended
		}
		return done, 0
	})
}
