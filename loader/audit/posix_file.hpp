// Files of the audit directory: owner-only, appended or replaced whole, never half-written.
// Pure POSIX, no locks: AuditDir serialises. Throws loader::Error (exit 1) that names the directory.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace lakemover::loader {

class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    ~FileDescriptor();
    int get() const noexcept { return fd_; }
    bool valid() const noexcept { return fd_ >= 0; }
    int release() noexcept;

private:
    int fd_ = -1;
};

// A file that only grows. A piece that could not be written whole is cut off again, so that what is
// there stays readable after the disk was full.
class AppendFile {
public:
    static AppendFile create(int dir_fd, const std::filesystem::path& dir, std::string name);
    void append(std::string_view piece);
    void sync();
    const std::string& name() const { return name_; }

private:
    AppendFile(FileDescriptor fd, std::filesystem::path dir, std::string name);
    FileDescriptor fd_;
    std::filesystem::path dir_;
    std::string name_;
    long long size_ = 0;  // bytes known to be whole
};

// Temporary file, fsync, rename, fsync of the directory: a reader sees the old content or the new one.
void replace_file(int dir_fd, const std::filesystem::path& dir, const std::string& name, std::string_view content);

// fsync; file systems that do not know it (some network and FUSE mounts) are not an error.
void sync_descriptor(int fd, const std::filesystem::path& dir, const std::string& name);

}  // namespace lakemover::loader
