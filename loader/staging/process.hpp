// Child processes, as another user when the caller is root. Throws Error.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace lakemover::loader {

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::string name;
    std::string home;
};

Identity current_user();
std::string host_name();
std::optional<Identity> find_user(const std::string& name);

struct Outcome {
    int status = 0;      // exit code; 128 + n for signal n
    std::string output;  // standard output and error together
};

// Runs argv[0] (a path) and waits. as: drop to that user first (caller must be root).
Outcome run_process(const std::vector<std::string>& argv, const std::optional<Identity>& as,
                    const std::string& working_directory);

// kOurs: a directory of that name is ours and gets mode and owner again. kUsers: it stays as it is.
enum class Existing { kOurs, kUsers };

// mkdir for one level with mode and owner.
void make_directory(const std::string& path, mode_t mode, const std::optional<Identity>& owner,
                    Existing existing = Existing::kOurs);

}  // namespace lakemover::loader
