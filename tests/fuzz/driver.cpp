// Runs a fuzz target where there is no libFuzzer: the seeds as they are, then random changes of them, of which the longest
// are not kept. Understands of libFuzzer's flags -seed=N, -max_total_time=SECONDS and -runs=N; other arguments are files
// or directories of seeds. A failing input is written to ./crash-driver before it is run again by hand.
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.hpp"

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string changed(const std::vector<std::string>& seeds, std::mt19937_64& random) {
    std::string data = seeds[random() % seeds.size()];
    for (std::uint64_t edits = 1 + random() % 6; edits > 0; --edits) {
        const std::size_t at = data.empty() ? 0 : random() % data.size();
        switch (random() % 7) {
            case 0:
                if (!data.empty()) data[at] = static_cast<char>(random());
                break;
            case 1:
                if (!data.empty()) data[at] = static_cast<char>(data[at] ^ (1 << random() % 8));
                break;
            case 2: data.insert(at, 1, static_cast<char>(random())); break;
            case 3: data.erase(at, 1 + random() % 8); break;
            case 4: data.insert(at, data.substr(data.size() / 2, 1 + random() % 32)); break;
            case 5: {
                const std::string& other = seeds[random() % seeds.size()];
                if (!other.empty()) data.insert(at, other.substr(random() % other.size(), 1 + random() % 64));
                break;
            }
            default: data.resize(at); break;
        }
    }
    if (data.size() > 4096) data.resize(4096);
    return data;
}

const std::string* running = nullptr;

void run(const std::string& data) {
    running = &data;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
}

// A sanitizer that finds something calls this, and so does abort().
void keep_input() {
    if (running == nullptr) return;
    std::ofstream("crash-driver", std::ios::binary)
        .write(running->data(), static_cast<std::streamsize>(running->size()));
    std::fprintf(stderr, "the input is in ./crash-driver: %s\n", fuzz::shown(*running).c_str());
    running = nullptr;
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*callback)());
#endif

int main(int argc, char** argv) {
    std::uint64_t seed = 1;
    double seconds = 5;
    std::uint64_t runs = UINT64_MAX;
    std::vector<std::string> seeds;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        if (arg.starts_with("-seed=")) {
            seed = std::strtoull(argv[i] + 6, nullptr, 10);
        } else if (arg.starts_with("-max_total_time=")) {
            seconds = std::strtod(argv[i] + 16, nullptr);
        } else if (arg.starts_with("-runs=")) {
            runs = std::strtoull(argv[i] + 6, nullptr, 10);
        } else if (arg.starts_with("-")) {
            continue;
        } else if (fs::is_directory(arg)) {
            for (const auto& entry : fs::directory_iterator(arg)) seeds.push_back(contents(entry.path()));
        } else {
            seeds.push_back(contents(arg));
        }
    }
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(keep_input);
#endif
    std::sort(seeds.begin(), seeds.end());
    seeds.emplace_back();
    for (const std::string& data : seeds) run(data);
    std::mt19937_64 random(seed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    std::uint64_t done = 0;
    for (; done < runs && std::chrono::steady_clock::now() < end; ++done) run(changed(seeds, random));
    std::fprintf(stderr, "%zu seeds and %llu changes of them\n", seeds.size(), static_cast<unsigned long long>(done));
}
