# shellcheck shell=bash
# needs: go gcc
cat >main.go <<'GO'
package main

import (
	"fmt"
	"sync"
)

func main() {
	var wait sync.WaitGroup
	results := make(chan int, 100)
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func(n int) { defer wait.Done(); results <- n * n }(i)
	}
	wait.Wait()
	close(results)
	sum := 0
	for r := range results {
		sum += r
	}
	fmt.Println("sum", sum)
	defer func() { fmt.Println("recovered:", recover()) }()
	var p *int
	fmt.Println(*p)
}
GO
export GOCACHE=$DIR/cache GOPATH=$DIR/go CGO_ENABLED=0 GO111MODULE=off GOTOOLCHAIN=local GOFLAGS=-p=2
export GOROOT
GOROOT=$(echo "$ROOT"/usr/lib/go-1.*)
g go build -o prog main.go
"$dragoman" -L "$ROOT" ./prog
