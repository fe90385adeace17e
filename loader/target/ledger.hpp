// The ledger on the target: which chunk of which run was committed, in the same transaction as
// its rows, fenced by the run's epoch; and what the run created. Throws Error.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct ChunkRecord {
    std::int64_t table_id = 0;
    int chunk_no = 0;
    std::string method;
    Value lower;  // text form of the bounds, for people
    Value upper;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::string lane1;
    std::string lane2;
    std::int64_t rejected = 0;  // rows that the target refused and that are in the reject ledger, not in the table
};

class Ledger {
public:
    explicit Ledger(std::string run_uuid, int epoch) : run_uuid_(std::move(run_uuid)), epoch_(epoch) {}

    // Schema and tables when missing, and the run's row; raises the epoch of a run that is there.
    void open(Pg& target, const std::string& source_identity);
    static bool exists(Pg& target);
    // Ends what an earlier loader of the run has under way and raises the epoch, so that it cannot commit any more.
    // False when the target does not know the run.
    bool take_over(Pg& target);
    // For a loader that helps with a run which another one leads: from here on it may commit batches, under this name,
    // until it retires, is expelled, or the run gets another leader.
    void enlist(Pg& target, const std::string& member);
    // The helper's own end, after which it commits nothing. Waits for what a lost connection has under way.
    void retire(Pg& target) const;
    // By the leader: ends what a helper has under way; it cannot commit any more, whether it lives or not. Error after
    // ten seconds in which its batch did not end.
    void expel(Pg& target, const std::string& member) const;
    void expel_all(Pg& target) const;
    // By its name a session is found when another loader takes over.
    void name_session(Pg& target) const;
    // First statement of a chunk's transaction: locks the run's row, and a helper's, and checks the epoch.
    void fence(Pg& target) const;
    // Opens a chunk's transaction with fence(), and ends it with its ledger row, in one round trip each. begin() returns the
    // transaction's id: the chunk's rows carry it as xmin, which is how validation finds them. commit() fails with 23505
    // when the chunk is in the ledger already, and nothing is committed then.
    std::string begin(Pg& target) const;
    void commit(Pg& target, const ChunkRecord& chunk) const;
    std::optional<ChunkRecord> find(Pg& target, std::int64_t table_id, int chunk_no) const;
    // Returns the id of the transaction: the chunk's rows carry it as xmin, which is how validation finds them.
    // Nothing when the chunk is in the ledger already: then this transaction must not commit.
    std::optional<std::string> record(Pg& target, const ChunkRecord& chunk) const;
    // What became of a COMMIT that got no answer: waits for its end; the record when it is there, and as it was sent.
    std::optional<ChunkRecord> settle(Pg& target, const ChunkRecord& chunk) const;
    // What the run made just now, with its place in the catalogs: a later object of the same name is another one.
    void register_object(Pg& target, const std::string& kind, const std::string& name, std::int64_t table_id) const;
    // The same as a statement, to go with the one that makes the object.
    std::string register_sql(const Pg& target, const std::string& kind, const std::string& name,
                             std::int64_t table_id) const;
    void forget_object(Pg& target, const std::string& kind, const std::string& name) const;
    bool has_chunks(Pg& target, std::int64_t table_id) const;
    // With the table's rejects.
    void forget_chunks(Pg& target, std::int64_t table_id) const;
    void forget_table(Pg& target, std::int64_t table_id) const;
    // Ends what the ledger knows of earlier runs that made one of these tables (a JSON array of quoted names), before
    // they are dropped; returns the runs. Called inside the transaction that drops.
    static std::string supersede(Pg& target, const std::string& names);
    std::vector<ChunkRecord> chunks(Pg& target) const;
    // The same, or those of one method, as a JSON array for lakemover._ledger_rows() of staging.
    std::string chunks_json(Pg& target, const Value& method = std::nullopt) const;
    // Removes the run's rows, and the schema when no other run is in it.
    void drop(Pg& target) const;
    int epoch() const { return epoch_; }

private:
    std::string fence_sql(Pg& target) const;
    std::string fenced(Pg& target, const std::string& sql) const;
    std::vector<Value> values_of(const ChunkRecord& chunk) const;
    std::string run_uuid_;
    int epoch_;
    std::string member_;  // of a helper
};

}  // namespace lakemover::loader
