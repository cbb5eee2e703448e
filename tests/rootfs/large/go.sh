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

# Threads, preemption by signals, signals of the program's own, other processes.
cat >threads.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func spin(stop *atomic.Bool) int {
	n := 0
	for !stop.Load() {
		n++
	}
	return n
}

func main() {
	runtime.GOMAXPROCS(4)
	// Loops without calls, which only a signal can interrupt.
	var stop atomic.Bool
	var wait sync.WaitGroup
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() { defer wait.Done(); spin(&stop) }()
	}
	time.Sleep(20 * time.Millisecond)
	runtime.GC()
	stop.Store(true)
	wait.Wait()
	fmt.Println("preempted")

	usr1 := make(chan os.Signal, 1000)
	signal.Notify(usr1, syscall.SIGUSR1)
	for i := 0; i < 100; i++ {
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		<-usr1
	}
	fmt.Println("signals")

	// Goroutines locked to threads, a mutex, an atomic, channels and much garbage.
	var lock sync.Mutex
	var sum int64
	counts := map[int]int{}
	results := make(chan int)
	for i := 0; i < 200; i++ {
		go func(n int) {
			if n%4 == 0 {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
			}
			total := 0
			for j := 0; j < 500; j++ {
				atomic.AddInt64(&sum, 1)
				lock.Lock()
				counts[j%10]++
				lock.Unlock()
				total += len(make([]byte, 64+j))
			}
			results <- total
		}(i)
	}
	all := 0
	for i := 0; i < 200; i++ {
		all += <-results
	}
	fmt.Println(sum, counts[3], all)

	out, err := exec.Command(os.Args[1], "-c", "echo child; exit 3").Output()
	fmt.Printf("%s%v\n", out, err)
	limited, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fmt.Println(exec.CommandContext(limited, os.Args[1], "-c", "while :; do :; done").Run())
	var recursive func(n int) int
	recursive = func(n int) int {
		var pad [100]byte
		if n == 0 {
			return int(pad[0])
		}
		return 1 + recursive(n-1)
	}
	fmt.Println(recursive(100000))
}
GO
g go build -o threads threads.go
"$dragoman" -L "$ROOT" ./threads "$ROOT/bin/sh"
