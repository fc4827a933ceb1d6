// echo with Go: a goroutine for each connection.
package main

func main() { echoMain("echo", echoServe) }
