#include "loader/engine/rollback.hpp"

#include <algorithm>
#include <tuple>

#include "loader/engine/large_objects.hpp"
#include "loader/target/ledger.hpp"

namespace lakemover::loader {

std::vector<TargetObject> made_by_run(Pg& staging, Pg& target, const std::string& id, const std::string& uuid) {
    const char* columns = "SELECT kind, name, class_id::text, object_id::text FROM ";
    Result r = Ledger::exists(target)
                   ? target.query(std::string(columns) + "lakemover_ledger.object WHERE run_uuid = $1", {uuid})
                   : target.exec("SELECT WHERE false");
    if (r.rows() == 0) r = staging.query(std::string(columns) + "lakemover.run_object WHERE run_id = $1", {id});
    std::vector<TargetObject> objects;
    for (int i = 0; i < r.rows(); ++i) {
        TargetObject found = find_object(target, r.text(i, 0), r.text(i, 1));
        if (found.object_id.empty() || found.class_id != r.get(i, 2) || found.object_id != r.get(i, 3)) continue;
        objects.push_back(std::move(found));
    }
    std::sort(objects.begin(), objects.end(), [](const TargetObject& a, const TargetObject& b) {
        return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
    });
    return objects;
}

namespace {

void drop_all(Pg& target, Ledger& ledger, bool known, std::vector<TargetObject>& objects) {
    target.exec("BEGIN");
    try {
        if (known) ledger.fence(target);
        // Looked at again: somebody may have built upon it since.
        for (TargetObject& o : objects) o.kept_for.clear();
        mark_kept(target, objects);
        drop_objects(target, objects);
        if (known)
            for (const TargetObject& o : objects)
                if (o.kept_for.empty() && o.kind != kLargeObjectsKind) ledger.forget_object(target, o.kind, o.name);
        target.exec("COMMIT");
    } catch (const Error& e) {
        if (target.alive()) target.exec("ROLLBACK");
        throw Error(Exit::kOther, "the run cannot be rolled back: " + std::string(e.what()), e.detail,
                    "nothing was dropped", e.sqlstate);
    }
}

}  // namespace

std::size_t roll_back(Pg& staging, Pg& target, const std::string& id, const std::string& uuid,
                      std::vector<TargetObject>& objects) {
    Ledger ledger(uuid, 1);
    // A loader thought dead must not load into what is dropped, nor make it again.
    const bool known = ledger.take_over(target);
    drop_all(target, ledger, known, objects);
    // Behind the tables that refer to them; the register keeps them until they are gone.
    if (std::any_of(objects.begin(), objects.end(), [](const auto& o) { return o.kind == kLargeObjectsKind; })) {
        unlink_large_objects(target, large_objects_of(staging, id), known ? &ledger : nullptr);
        if (known) ledger.forget_object(target, kLargeObjectsKind, kLargeObjectsName);
    }
    const auto kept = static_cast<std::size_t>(
        std::count_if(objects.begin(), objects.end(), [](const auto& o) { return !o.kept_for.empty(); }));
    staging.query("SELECT lakemover._rolled_back($1, $2)",
                  {id, std::to_string(objects.size() - kept) + " objects dropped, " + std::to_string(kept) + " kept"});
    staging.query("SELECT lakemover.keeper_stop($1)", {id});
    if (known && kept == 0) ledger.drop(target);
    return kept;
}

}  // namespace lakemover::loader
