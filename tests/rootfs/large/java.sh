# shellcheck shell=bash
# needs: ../lib/jvm/java-21-openjdk-riscv64/bin/javac
# Compiles a program and runs it interpreted, compiled by C1 and C2, and with each garbage collector: threads and locks,
# exceptions that the virtual machine makes of faults, sockets, mapped files, processes, virtual threads.
cat >Main.java <<'CODE'
import java.io.*;
import java.math.BigInteger;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

public class Main {
    record Node(Node left, Node right) {
        static Node tree(int depth) { return depth == 0 ? new Node(null, null) : new Node(tree(depth - 1), tree(depth - 1)); }
        int count() { return left == null ? 1 : 1 + left.count() + right.count(); }
    }
    static int overflow(int depth) { return overflow(depth + 1) + 1; }

    static void faults() {
        int caught = 0;
        for (int i = 0; i < 20000; i++) {
            String text = i % 100 == 0 ? null : "x";
            try {
                caught += text.length() - 1;
            } catch (NullPointerException e) {
                caught++;
            }
        }
        System.out.println("null pointers " + caught);
        try {
            System.out.println(7 / (caught - 200));
        } catch (ArithmeticException e) {
            System.out.println(e.getMessage());
        }
        try {
            overflow(0);
        } catch (StackOverflowError e) {
            System.out.println("stack overflow");
        }
    }

    static void threads() throws Exception {
        AtomicLong atomic = new AtomicLong();
        Object lock = new Object();
        int[] locked = {0};
        Thread[] threads = new Thread[6];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                for (int j = 0; j < 20000; j++) {
                    atomic.incrementAndGet();
                    synchronized (lock) { locked[0]++; }
                }
            });
            threads[i].start();
        }
        for (Thread t : threads) t.join();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 300; i++) executor.submit(() -> { Thread.sleep(2); return atomic.incrementAndGet(); });
        }
        System.out.println(atomic + " " + locked[0] + " " + IntStream.range(0, 100000).parallel().mapToLong(x -> x).sum());
    }

    static void system() throws Exception {
        try (var server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress("127.0.0.1", 0));
            int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
            var client = new Thread(() -> {
                try (var socket = new Socket("127.0.0.1", port)) {
                    socket.getOutputStream().write("over a socket".getBytes());
                } catch (IOException e) {
                    e.printStackTrace();
                }
            });
            client.start();
            try (var channel = server.accept()) {
                ByteBuffer buffer = ByteBuffer.allocate(100);
                while (channel.read(buffer) > 0) { }
                System.out.println(new String(buffer.array(), 0, buffer.position()));
            }
            client.join();
        }
        try (var channel = new RandomAccessFile("mapped", "rw").getChannel()) {
            var mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192);
            mapped.putInt(4096, 42);
            mapped.force();
            System.out.println("mapped " + mapped.getInt(4096));
        }
        var process = new ProcessBuilder("/bin/echo", "a child").start();
        System.out.print(new String(process.getInputStream().readAllBytes()));
        System.out.println("status " + process.waitFor());
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println(System.getProperty("os.arch"));
        int nodes = 0;
        for (int i = 0; i < 20; i++) nodes += Node.tree(12).count();
        System.out.println("nodes " + nodes);
        byte[] data = new byte[1 << 18];
        for (int i = 0; i < data.length; i++) data[i] = (byte) (i * 7);
        System.out.println(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data)));
        System.out.println(Math.sin(1) + " " + Math.fma(1.1, 2.2, 3.3) + " " + (float) 1 / 3 + " " + (int) Double.NaN + " " +
                           (long) 1e30 + " " + Math.rint(2.5) + " " + Float.float16ToFloat((short) 0x3555));
        System.out.println(new BigInteger("123456789012345678901234567890").modPow(BigInteger.valueOf(65537),
                           new BigInteger("1000000000000000000000000000057")));
        faults();
        threads();
        system();
    }
}
CODE
java() { local program=$1; shift; g "../lib/jvm/java-21-openjdk-riscv64/bin/$program" "$@"; }
java javac Main.java && java java -Xshare:auto -cp . Main
for options in -Xint -XX:TieredStopAtLevel=1 "-Xcomp -XX:+UseSerialGC" -XX:+UseParallelGC -XX:+UseG1GC \
    "-XX:+UseZGC -XX:+ZGenerational" -XX:+UseShenandoahGC; do
    # shellcheck disable=SC2086
    java java $options -Xmx256m -cp . Main 2>&1 | md5sum
done
