// The target: TLS connections with a fresh secret each, session settings that are verified, facts
// for assessment and plan, and the ledger. Throws Error.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "loader/config/settings.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

class Target {
public:
    explicit Target(const TargetSettings& settings) : settings_(settings) {}
    const TargetSettings& settings() const { return settings_; }

    // A session ready to load. durable: COMMIT waits for the disk; chunk loads do without, since
    // the ledger is read again after a last durable commit.
    Pg connect(bool durable = true) const;
    // What assess and plan need to know of the target, as name -> text.
    nlohmann::json facts(Pg& pg) const;
    // host:port/database and the server's identity, for the reports and for resume.
    std::string identity(Pg& pg) const;
    // Refuses versions and roles that cannot carry a migration, with what to grant.
    void preflight(Pg& pg) const;

private:
    TargetSettings settings_;
};

}  // namespace lakemover::loader
