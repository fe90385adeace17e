// The staging database as the loader sees it: the user's own or the embedded one, with the
// extension in the right version and the source defined. Throws Error.
#pragma once
#include <memory>
#include <string>

#include "loader/config/settings.hpp"
#include "loader/staging/embedded.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

class Staging {
public:
    // create_extension: make it when it is missing (embedded, or the user's own when allowed).
    static Staging open(const Settings& settings);

    // Not durable: what it commits may be lost with the server's machine, until anybody commits durably after it. For
    // what the ledger on the target or the audit directory knows better.
    Pg connect(bool durable = true) const;
    const ConnInfo& conninfo() const { return info_; }
    bool embedded() const { return embedded_ != nullptr; }
    void lock_for_work() {
        if (embedded_) embedded_->lock_for_work();
    }
    // False: another lakemover works there.
    bool try_lock_for_work() { return !embedded_ || embedded_->try_lock_for_work(); }
    void unlock_for_work() {
        if (embedded_) embedded_->unlock_for_work();
    }
    // Defines or updates the foreign server of the settings' source and returns its name; without
    // SOURCE_* settings: the named one, or the only one there is.
    std::string ensure_source(Pg& pg, const Settings& settings);
    // Asks for the source's secret again and stores it where embedded staging reads it for its next connection.
    void renew_source_password(const std::string& source, const Secret& secret) const;

    // From here on sessions are named after their loader: one that takes its run over ends what they have under way.
    void name_sessions(const std::string& loader_id);

private:
    std::unique_ptr<EmbeddedStaging> embedded_;
    ConnInfo info_;
};

}  // namespace lakemover::loader
