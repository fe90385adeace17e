// The embedded staging cluster: a private PostgreSQL under LAKEMOVER_HOME, on a Unix socket only,
// run as the invoking user, or as "postgres" when that is root. Several CLIs may be attached; the
// last one to leave stops it. Throws Error.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "loader/config/settings.hpp"
#include "loader/staging/process.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

class EmbeddedStaging {
public:
    // Creates the cluster when there is none, starts it when it does not run, and attaches.
    static std::unique_ptr<EmbeddedStaging> attach(const std::string& home, const std::string& bindir);
    ~EmbeddedStaging();
    EmbeddedStaging(const EmbeddedStaging&) = delete;
    EmbeddedStaging& operator=(const EmbeddedStaging&) = delete;

    // Keeps a second working CLI out; commands that only look do not need it.
    void lock_for_work();
    bool try_lock_for_work();  // false: another one has it
    void unlock_for_work();
    ConnInfo conninfo() const;
    // Writes the source's password for the staging server to read; removed when the cluster stops.
    std::string store_source_password(const std::string& source, const std::string& password);
    static std::string default_home();

private:
    EmbeddedStaging() = default;
    void create_cluster();
    void write_configuration();
    void start();
    void stop() noexcept;
    bool running() const;
    bool stopping() const;  // it was told to, and has not ended yet
    void stop_server() const;
    std::string home_;
    std::string base_;  // home/staging
    std::string data_;
    std::string socket_dir_;
    std::string bindir_;
    std::optional<Identity> server_user_;  // set when we are root
    int attach_fd_ = -1;
    int work_fd_ = -1;
};

}  // namespace lakemover::loader
