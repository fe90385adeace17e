// One run's audit directory.
#include "loader/audit/audit_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "loader/audit/chained_log.hpp"
#include "loader/audit/ddl_script.hpp"
#include "loader/audit/posix_file.hpp"
#include "loader/audit/utc_time.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

constexpr mode_t kDirMode = S_IRWXU;
constexpr int kMaxSameSecond = 1000;
constexpr std::size_t kMaxLabel = 64;

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

// A label comes from a source's or a database's name: it must not be able to leave the base directory.
std::string safe_label(std::string_view label) {
    std::string out(label.substr(0, kMaxLabel));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return !plain(c); }, '_');
    return out.empty() ? "run" : out;
}

[[noreturn]] void raise_unusable(const std::filesystem::path& base, int error) {
    throw Error(Exit::kUsage, "could not create an audit directory in \"" + base.string() + "\"",
                std::generic_category().message(error),
                "make the directory writable, or name another one with LAKEMOVER_AUDIT_DIR");
}

void make_base(const std::filesystem::path& base) {
    std::filesystem::path partial;
    for (const auto& part : base) {
        partial /= part;
        if (::mkdir(partial.c_str(), kDirMode) == 0 || errno == EEXIST) continue;
        // A read-only or foreign parent that is already there says EROFS or EACCES instead of EEXIST.
        const int error = errno;
        struct stat info {};
        if (::stat(partial.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) raise_unusable(base, error);
    }
}

std::filesystem::path make_unique(const std::filesystem::path& base, const std::string& stem) {
    for (int n = 1; n <= kMaxSameSecond; ++n) {
        auto candidate = base / (n == 1 ? stem : stem + "-" + std::to_string(n));
        if (::mkdir(candidate.c_str(), kDirMode) == 0) return candidate;
        if (errno != EEXIST) raise_unusable(base, errno);
    }
    raise_unusable(base, EEXIST);
}

}  // namespace

struct AuditDir::State {
    std::filesystem::path path;
    FileDescriptor dir;
    std::mutex mutex;
    std::string run;
    ChainedLog events, batches, validations;
    std::optional<ChainedLog> rejects;
    AppendFile ddl;

    State(std::filesystem::path where, FileDescriptor fd)
        : path(std::move(where)), dir(std::move(fd)), events(file("events.jsonl")), batches(file("batches.jsonl")),
          validations(file("validation.jsonl")), ddl(file("ddl.sql")) {}

    AppendFile file(const char* name) { return AppendFile::create(dir.get(), path, name); }

    void log(ChainedLog& target, const nlohmann::json& record, Sync sync) {
        const std::lock_guard lock(mutex);
        target.append(record, run);
        if (sync == Sync::kCommit) target.sync();
    }
};

AuditDir::AuditDir(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditDir::AuditDir(AuditDir&&) noexcept = default;
AuditDir& AuditDir::operator=(AuditDir&&) noexcept = default;
AuditDir::~AuditDir() = default;

AuditDir AuditDir::create(const std::filesystem::path& base, std::string_view label) {
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(base, failure).lexically_normal();
    if (base.empty() || failure) raise_unusable(base, ENOENT);
    make_base(absolute);
    auto path = make_unique(absolute, utc_compact() + "-" + safe_label(label));
    FileDescriptor dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!dir.valid()) raise_unusable(absolute, errno);
    try {
        auto state = std::make_unique<State>(path, std::move(dir));
        state->ddl.append(ddl_script_header(utc_timestamp()));
        sync_descriptor(state->dir.get(), path, ".");
        return AuditDir(std::move(state));
    } catch (const Error& error) {
        // Nothing has happened yet: a disk that is full from the start is a matter of configuration.
        throw Error(Exit::kUsage, error.what(), error.detail, error.hint);
    }
}

void AuditDir::set_run(std::string run) {
    const std::lock_guard lock(state_->mutex);
    state_->run = std::move(run);
}

void AuditDir::event(const nlohmann::json& record, Sync sync) { state_->log(state_->events, record, sync); }
void AuditDir::batch(const nlohmann::json& record, Sync sync) { state_->log(state_->batches, record, sync); }
void AuditDir::validation(const nlohmann::json& record, Sync sync) { state_->log(state_->validations, record, sync); }

void AuditDir::reject(const nlohmann::json& record) {
    const std::lock_guard lock(state_->mutex);
    if (!state_->rejects) state_->rejects.emplace(state_->file("rejects.jsonl"));
    state_->rejects->append(record, state_->run);
}

void AuditDir::ddl(std::string_view sql, const DdlOutcome& outcome, Sync sync) {
    const std::string entry = ddl_script_entry(sql, outcome, utc_timestamp());
    const std::lock_guard lock(state_->mutex);
    state_->ddl.append(entry);
    if (sync == Sync::kCommit) state_->ddl.sync();
}

void AuditDir::write(std::string_view name, std::string_view content) {
    if (name.empty() || name.front() == '.' || !std::all_of(name.begin(), name.end(), plain))
        throw Error(Exit::kOther, "\"" + std::string(name) + "\" is not a file name for the audit directory");
    const std::lock_guard lock(state_->mutex);
    replace_file(state_->dir.get(), state_->path, std::string(name), content);
}

void AuditDir::sync() {
    const std::lock_guard lock(state_->mutex);
    state_->events.sync();
    state_->batches.sync();
    state_->validations.sync();
    if (state_->rejects) state_->rejects->sync();
    state_->ddl.sync();
    sync_descriptor(state_->dir.get(), state_->path, ".");
}

const std::filesystem::path& AuditDir::path() const { return state_->path; }

}  // namespace lakemover::loader
