// File systems that are no file systems: mounts of object stores (/dbfs, /Volumes) where a file can be written once from
// front to back, and neither appended to nor renamed. Throws loader::Error.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "loader/audit/posix_file.hpp"

namespace lakemover::loader {

// Tries it out: false when a file there cannot be appended to, renamed or synced. A full disk or a missing permission is
// an error, not an answer.
bool is_file_system(int dir_fd, const std::filesystem::path& dir);

// The directory on the mount that a local one is copied to.
class MirrorDir {
public:
    MirrorDir(std::filesystem::path path, FileDescriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    // Copies what has changed since the last time, each file whole.
    void copy(int local_fd, const std::filesystem::path& local, const std::set<std::string>& names);
    void remove(const std::string& name);
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    FileDescriptor fd_;
    std::map<std::string, std::string> copied_;  // name and SHA-256
};

}  // namespace lakemover::loader
