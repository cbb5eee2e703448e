// Group integer: C++ containers, sorting with comparison functions, strings, virtual calls.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "random.h"

namespace {

struct Shape {
    virtual ~Shape() = default;
    virtual long area() const = 0;
};
struct Square : Shape {
    long side;
    explicit Square(long s) : side(s) {}
    long area() const override { return side * side; }
};
struct Box : Shape {
    long width, height;
    Box(long w, long h) : width(w), height(h) {}
    long area() const override { return width * height; }
};

unsigned long counted_words(std::uint64_t& state) {
    std::unordered_map<std::string, int> counts;
    for (int i = 0; i < 150000; i++) {
        std::string word = "w";
        for (auto n = random_next(&state) % 4000; n != 0; n /= 7) word += static_cast<char>('a' + n % 7);
        ++counts[word];
    }
    unsigned long hash = counts.size();
    for (const auto& [word, count] : std::map<std::string, int>(counts.begin(), counts.end())) {
        hash = hash * 31 + word.size() * static_cast<unsigned long>(count);
    }
    return hash;
}

unsigned long ordered_map(std::uint64_t& state) {
    std::map<std::uint32_t, std::uint32_t> map;
    unsigned long sum = 0;
    for (std::uint32_t i = 0; i < 120000; i++) {
        map[static_cast<std::uint32_t>(random_next(&state)) % 30000] += i;
        if (auto found = map.lower_bound(static_cast<std::uint32_t>(random_next(&state)) % 30000); found != map.end()) {
            sum += found->second;
        }
    }
    return sum;
}

unsigned long sorted(std::uint64_t& state) {
    std::vector<std::uint64_t> values(200000);
    for (auto& value : values) value = random_next(&state) % 1000003;
    std::function<bool(std::uint64_t, std::uint64_t)> by_last_digits = [](std::uint64_t a, std::uint64_t b) {
        return a % 1000 != b % 1000 ? a % 1000 < b % 1000 : a < b;
    };
    std::sort(values.begin(), values.end(), by_last_digits);
    unsigned long hash = values[1234];
    std::stable_sort(values.begin(), values.end());
    return hash * 31 + values[values.size() / 3];
}

unsigned long shortest_paths(std::uint64_t& state) {
    constexpr unsigned kNodes = 20000;
    std::vector<std::vector<std::pair<unsigned, unsigned>>> edges(kNodes);
    for (unsigned i = 0; i < kNodes * 4; i++) {
        edges[random_next(&state) % kNodes].push_back({static_cast<unsigned>(random_next(&state) % kNodes),
                                                       1 + static_cast<unsigned>(random_next(&state) % 100)});
    }
    std::vector<unsigned> distance(kNodes, ~0u);
    std::priority_queue<std::pair<unsigned, unsigned>, std::vector<std::pair<unsigned, unsigned>>, std::greater<>> open;
    open.push({distance[0] = 0, 0});
    while (!open.empty()) {
        auto [so_far, node] = open.top();
        open.pop();
        if (so_far > distance[node]) continue;
        for (auto [next, length] : edges[node]) {
            if (so_far + length < distance[next]) open.push({distance[next] = so_far + length, next});
        }
    }
    unsigned long sum = 0;
    for (unsigned d : distance) sum += d == ~0u ? 1 : d;
    return sum;
}

unsigned long areas(std::uint64_t& state) {
    std::vector<std::unique_ptr<Shape>> shapes;
    for (int i = 0; i < 20000; i++) {
        auto n = static_cast<long>(random_next(&state) % 100);
        if (n % 2 == 0) shapes.push_back(std::make_unique<Square>(n));
        else shapes.push_back(std::make_unique<Box>(n, n + 3));
    }
    long sum = 0;
    for (int round = 0; round < 60; round++)
        for (const auto& shape : shapes) sum += shape->area();
    return static_cast<unsigned long>(sum);
}

}  // namespace

int main() {
    std::uint64_t state = 7;
    for (auto part : {counted_words, ordered_map, sorted, shortest_paths, areas}) std::printf("%lu\n", part(state));
}
