// One run's audit directory.
#include "loader/audit/audit_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "loader/audit/chained_log.hpp"
#include "loader/audit/ddl_script.hpp"
#include "loader/audit/manifest.hpp"
#include "loader/audit/mount.hpp"
#include "loader/audit/posix_file.hpp"
#include "loader/audit/signing.hpp"
#include "loader/audit/utc_time.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

constexpr std::chrono::seconds kSoonest{1};
constexpr mode_t kDirMode = S_IRWXU;
constexpr int kMaxSameSecond = 1000;
constexpr std::size_t kMaxLabel = 64;
constexpr auto kCopyPeriod = std::chrono::seconds(30);

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
    std::set<std::string> names;  // of the files that are ours
    bool sealed = false;
    std::optional<MirrorDir> mirror;  // where path is copied to
    std::chrono::steady_clock::time_point copied;
    std::chrono::steady_clock::time_point soon{};  // the last sync of a line that could wait
    AuditLimits limits;
    std::map<std::string, ChainHead> closed;  // full files of batches
    ChainedLog events, batches, validations;
    std::optional<ChainedLog> rejects;
    AppendFile ddl;

    using Open = AppendFile (*)(int dir_fd, const std::filesystem::path& dir, std::string name);

    State(std::filesystem::path where, FileDescriptor fd, Open open_file)
        : path(std::move(where)), dir(std::move(fd)), events(log_file(kEventsFile, open_file)),
          batches(log_file(kBatchesFile, open_file)), validations(log_file(kValidationsFile, open_file)),
          ddl(file("ddl.sql", open_file)) {}

    AppendFile file(const char* name, Open open_file) {
        names.insert(name);
        return open_file(dir.get(), path, name);
    }

    // A chain that is there goes on where it ends.
    ChainedLog log_file(const char* name, Open open_file) {
        AppendFile log = file(name, open_file);
        const MappedFile content(dir.get(), path, name);
        ChainHead head;
        if (const auto broken = verify_chain(content.bytes(), &head))
            throw Error(Exit::kValidation, std::string(name) + " in \"" + path.string() + "\" was altered",
                        "line " + std::to_string(broken->line) + ": " + broken->reason);
        return ChainedLog(std::move(log), head);
    }

    void open_for_writing() const {
        if (sealed) throw Error(Exit::kOther, "the audit directory \"" + path.string() + "\" is sealed");
    }

    void log(ChainedLog& target, const nlohmann::json& record, Sync sync) {
        const std::lock_guard lock(mutex);
        open_for_writing();
        target.append(record, run);
        const auto now = std::chrono::steady_clock::now();
        if (sync == Sync::kSoon && now - soon >= kSoonest) {
            soon = now;
            sync = Sync::kCommit;
        }
        if (sync == Sync::kCommit) target.sync();
        if (&target == &batches && batches.size() >= limits.batch_bytes) close_batches();
        if (sync == Sync::kCommit) copy_sometimes();
    }

    // Batch details are no evidence once the run has ended: ledger.jsonl has every batch.
    void close_batches() {
        const long long number = closed.empty() ? 1 : number_of(last_closed()) + 1;
        const std::string name = "batches-" + std::to_string(number) + ".jsonl";
        batches.sync();
        if (::renameat(dir.get(), kBatchesFile, dir.get(), name.c_str()) != 0)
            throw Error(Exit::kOther, "could not rename a file in the audit directory \"" + path.string() + "\"",
                        std::generic_category().message(errno));
        closed[name] = batches.head();
        names.insert(name);
        batches = ChainedLog(AppendFile::create(dir.get(), path, kBatchesFile));
        batches.append({{"after", name}, {"head", closed[name].digest}}, run);
        if (static_cast<long long>(closed.size()) <= limits.batch_files) return;
        const std::string oldest = "batches-" + std::to_string(number - limits.batch_files) + ".jsonl";
        closed.erase(oldest);
        remove(oldest);
        events.append(
            {{"level", "INFO"},
             {"kind", "batches_rotated"},
             {"message", oldest + " was removed: batch details are bounded, ledger.jsonl will have every batch"}},
            run);
    }

    static long long number_of(const std::string& name) {
        return std::stoll(name.substr(std::string_view("batches-").size()));
    }
    std::string last_closed() const {
        return std::max_element(closed.begin(), closed.end(),
                                [](const auto& a, const auto& b) { return number_of(a.first) < number_of(b.first); })
            ->first;
    }

    void remove(const std::string& name) {
        ::unlinkat(dir.get(), name.c_str(), 0);
        if (mirror) mirror->remove(name);
        names.erase(name);
    }

    void copy_sometimes() {
        if (!mirror || std::chrono::steady_clock::now() - copied < kCopyPeriod) return;
        copy_all();
    }
    void copy_all() {
        if (!mirror) return;
        mirror->copy(dir.get(), path, names);
        copied = std::chrono::steady_clock::now();
    }

    void replace(std::string_view name, const NextPiece& next) {
        if (name.empty() || name.front() == '.' || !std::all_of(name.begin(), name.end(), plain))
            throw Error(Exit::kOther, "\"" + std::string(name) + "\" is not a file name for the audit directory");
        const std::lock_guard lock(mutex);
        open_for_writing();
        replace_file(dir.get(), path, std::string(name), next);
        names.insert(std::string(name));
    }

    void sync_all() {
        events.sync();
        batches.sync();
        validations.sync();
        if (rejects) rejects->sync();
        ddl.sync();
        sync_descriptor(dir.get(), path, ".");
    }
};

AuditDir::AuditDir(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditDir::AuditDir(AuditDir&&) noexcept = default;
AuditDir& AuditDir::operator=(AuditDir&&) noexcept = default;
AuditDir::~AuditDir() = default;

// For a mount that is no file system: the state is a local directory of the same name, target its copy.
std::unique_ptr<AuditDir::State> AuditDir::written_beside(const std::filesystem::path& target, FileDescriptor dir,
                                                          const std::filesystem::path& beside, bool again) {
    if (beside.empty())
        throw Error(Exit::kUsage, "the audit directory \"" + target.string() + "\" cannot append to files", {},
                    "name one on a file system with LAKEMOVER_AUDIT_DIR");
    make_base(beside);
    auto local = make_unique(beside, target.filename().string());
    FileDescriptor fd(::open(local.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid()) raise_unusable(beside, errno);
    if (again) {
        const MappedFile manifest(dir.get(), target, kManifestFile);
        std::vector<std::string> names{kManifestFile, kSignatureFile};
        for (const ManifestEntry& entry : manifest_entries(manifest.bytes())) names.push_back(entry.name);
        for (const std::string& name : names)
            replace_file(fd.get(), local, name, MappedFile(dir.get(), target, name).bytes());
    }
    auto state = std::make_unique<State>(local, std::move(fd), again ? &AppendFile::reopen : &AppendFile::create);
    state->mirror.emplace(target, std::move(dir));
    return state;
}

AuditDir AuditDir::create(const std::filesystem::path& base, std::string_view label,
                          const std::filesystem::path& beside, AuditLimits limits) {
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(base, failure).lexically_normal();
    if (base.empty() || failure) raise_unusable(base, ENOENT);
    make_base(absolute);
    auto path = make_unique(absolute, utc_compact() + "-" + safe_label(label));
    FileDescriptor dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!dir.valid()) raise_unusable(absolute, errno);
    try {
        auto state = is_file_system(dir.get(), path)
                         ? std::make_unique<State>(path, std::move(dir), &AppendFile::create)
                         : written_beside(path, std::move(dir), beside, false);
        state->limits = limits;
        state->ddl.append(ddl_script_header(
            "lakemover: statements executed on the target, in order, from " + utc_timestamp() +
            "\nRun it with psql: it repeats what succeeded. What failed or was skipped is a comment."));
        sync_descriptor(state->dir.get(), path, ".");
        if (state->mirror)
            state->events.append({{"level", "WARNING"},
                                  {"kind", "audit_beside"},
                                  {"message", path.string() + " cannot append, rename or sync: files are written in " +
                                                  state->path.string() + " and copied there"}},
                                 "");
        state->copy_all();
        return AuditDir(std::move(state));
    } catch (const Error& error) {
        // Nothing has happened yet: a disk that is full from the start is a matter of configuration.
        throw Error(Exit::kUsage, error.what(), error.detail, error.hint);
    }
}

AuditDir AuditDir::reopen(const std::filesystem::path& dir, const std::filesystem::path& beside) {
    FileDescriptor fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid())
        throw Error(Exit::kUsage, "cannot open the audit directory \"" + dir.string() + "\"",
                    std::generic_category().message(errno));
    auto state = is_file_system(fd.get(), dir) ? std::make_unique<State>(dir, std::move(fd), &AppendFile::reopen)
                                               : written_beside(dir, std::move(fd), beside, true);
    const MappedFile manifest(state->dir.get(), state->path, kManifestFile);
    for (const ManifestEntry& entry : manifest_entries(manifest.bytes())) state->names.insert(entry.name);
    state->closed = closed_chains(manifest.bytes());
    return AuditDir(std::move(state));
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
    state_->open_for_writing();
    if (!state_->rejects) state_->rejects.emplace(state_->file(kRejectsFile, &AppendFile::create));
    state_->rejects->append(record, state_->run);
}

void AuditDir::ddl(std::string_view sql, const DdlOutcome& outcome, Sync sync) {
    const std::string entry = ddl_script_entry(sql, outcome, utc_timestamp());
    const std::lock_guard lock(state_->mutex);
    state_->open_for_writing();
    state_->ddl.append(entry);
    if (sync == Sync::kCommit) state_->ddl.sync();
    if (sync == Sync::kCommit) state_->copy_sometimes();
}

void AuditDir::write(std::string_view name, std::string_view content) {
    bool given = false;
    write(name, [&](std::string& piece) {
        if (std::exchange(given, true)) return false;
        piece = content;
        return true;
    });
}

void AuditDir::write(std::string_view name, const NextPiece& next) { state_->replace(name, next); }

void AuditDir::remove(std::string_view name) {
    const std::lock_guard lock(state_->mutex);
    state_->open_for_writing();
    state_->remove(std::string(name));
}

bool AuditDir::has(std::string_view name) const {
    const std::lock_guard lock(state_->mutex);
    return state_->names.contains(std::string(name));
}

void AuditDir::sync() {
    const std::lock_guard lock(state_->mutex);
    state_->sync_all();
}

std::string AuditDir::seal(const SigningKey& key, const nlohmann::json& facts) {
    const std::lock_guard lock(state_->mutex);
    State& s = *state_;
    s.open_for_writing();
    replace_file(s.dir.get(), s.path, kPublicKeyFile, key.public_key().pem());
    s.names.insert(kPublicKeyFile);
    const long long number = keep_manifest(s.dir.get(), s.path, s.names) + 1;
    s.events.append(
        {{"level", "INFO"},
         {"kind", "sealed"},
         {"message", "nothing follows here: manifest.json covers every file, manifest.sig is its signature"},
         {"data", {{"seal", number}, {"fingerprint", key.fingerprint()}}}},
        s.run);
    s.sync_all();
    nlohmann::ordered_json chains;
    chains[kEventsFile] = chain_json(s.events.head());
    chains[kBatchesFile] = chain_json(s.batches.head());
    for (const auto& [name, head] : s.closed) chains[name] = chain_json(head);
    chains[kValidationsFile] = chain_json(s.validations.head());
    if (s.rejects) chains[kRejectsFile] = chain_json(s.rejects->head());
    const std::string manifest = manifest_text(s.dir.get(), s.path, s.names, facts, chains, number, key.fingerprint());
    // A crash between the two leaves a manifest that its signature does not fit: never a valid half.
    replace_file(s.dir.get(), s.path, kManifestFile, manifest);
    replace_file(s.dir.get(), s.path, kSignatureFile, base64_encode(key.sign(manifest)) + "\n");
    s.sealed = true;
    if (s.mirror) {
        // In this order, for the same reason; then the local copy has served.
        s.copy_all();
        s.mirror->copy(s.dir.get(), s.path, {kManifestFile});
        s.mirror->copy(s.dir.get(), s.path, {kSignatureFile});
        std::error_code ignored;
        std::filesystem::remove_all(s.path, ignored);
    }
    return sha256_hex(manifest);
}

bool AuditDir::sealed() const {
    const std::lock_guard lock(state_->mutex);
    return state_->sealed;
}

const std::filesystem::path& AuditDir::path() const { return state_->mirror ? state_->mirror->path() : state_->path; }

}  // namespace lakemover::loader
