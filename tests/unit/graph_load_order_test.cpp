// Load order: ranks, cycles, ties, and sizes that would overflow a recursive search.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "graph/load_order.hpp"

namespace lakemover::graph {
namespace {

using Edges = std::vector<std::pair<std::int64_t, std::int64_t>>;

// "1@0 2@1 3@2#1": table @ rank # cycle, in load order.
std::string show(const std::vector<Position>& order) {
    std::string text;
    for (const Position& p : order) {
        text += (text.empty() ? "" : " ") + std::to_string(p.table) + "@" + std::to_string(p.rank);
        if (p.cycle) {
            text += "#" + std::to_string(*p.cycle);
        }
    }
    return text;
}

TEST(LoadOrder, ParentsComeFirstAndRanksAreTheLongestWay) {
    // 4 references 1 directly and through 2 and 3.
    EXPECT_EQ(show(load_order({4, 3, 2, 1}, {{4, 1}, {4, 3}, {3, 2}, {2, 1}})), "1@0 2@1 3@2 4@3");
}

TEST(LoadOrder, TiesFollowTheGivenOrder) {
    EXPECT_EQ(show(load_order({30, 10, 20}, {})), "30@0 10@0 20@0");
    EXPECT_EQ(show(load_order({10, 20, 30}, {{20, 30}})), "10@0 30@0 20@1");
}

TEST(LoadOrder, ASelfReferenceIsNoCycle) { EXPECT_EQ(show(load_order({1, 2}, {{1, 1}, {2, 1}, {2, 2}})), "1@0 2@1"); }

TEST(LoadOrder, ACycleLoadsAfterItsParentsAndBeforeItsDependants) {
    // 2 and 3 reference each other, 3 references 1, 4 references 2.
    EXPECT_EQ(show(load_order({4, 3, 2, 1}, {{2, 3}, {3, 2}, {3, 1}, {4, 2}})), "1@0 3@1#1 2@1#1 4@2");
}

TEST(LoadOrder, CyclesAreNumberedByTheirFirstTable) {
    EXPECT_EQ(show(load_order({1, 2, 3, 4}, {{3, 1}, {1, 3}, {2, 4}, {4, 2}})), "1@0#1 3@0#1 2@0#2 4@0#2");
}

TEST(LoadOrder, CyclesThatShareATableAreOne) {
    EXPECT_EQ(show(load_order({1, 2, 3}, {{1, 2}, {2, 1}, {2, 3}, {3, 2}})), "1@0#1 2@0#1 3@0#1");
}

TEST(LoadOrder, RepeatedAndForeignEdgesAreIgnored) {
    EXPECT_EQ(show(load_order({1, 2}, {{2, 1}, {2, 1}, {2, 99}, {99, 1}, {98, 97}})), "1@0 2@1");
}

TEST(LoadOrder, NothingGivesNothing) {
    EXPECT_TRUE(load_order({}, {}).empty());
    EXPECT_TRUE(load_order({}, {{1, 2}}).empty());
}

TEST(LoadOrder, ATableListedTwiceIsRefused) { EXPECT_THROW(load_order({1, 2, 1}, {}), std::invalid_argument); }

// The call stack of a backend is 8 MB or less: a recursive search dies here.
TEST(LoadOrder, ALongChainDoesNotRecurse) {
    constexpr std::int64_t kTables = 300000;
    std::vector<std::int64_t> tables;
    Edges edges;
    for (std::int64_t t = 0; t < kTables; ++t) {
        tables.push_back(t);
        if (t + 1 < kTables) {
            edges.emplace_back(t, t + 1);
        }
    }
    const auto chain = load_order(tables, edges);
    ASSERT_EQ(chain.size(), tables.size());
    EXPECT_EQ(chain.front().table, kTables - 1);
    EXPECT_EQ(chain.back().table, 0);
    EXPECT_EQ(chain.back().rank, kTables - 1);

    edges.emplace_back(kTables - 1, 0);
    const auto ring = load_order(tables, edges);
    EXPECT_EQ(ring.front().rank, 0);
    EXPECT_EQ(ring.back().cycle, 1);
}

// Against the definition: every edge outside a cycle goes up in rank, and each rank above 0 has a reason.
TEST(LoadOrder, HoldsItsDefinitionOnAGeneratedGraph) {
    constexpr std::int64_t kTables = 2000;
    std::vector<std::int64_t> tables;
    Edges edges;
    std::uint64_t state = 42;
    auto next = [&state](std::int64_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::int64_t>((state >> 33U) % static_cast<std::uint64_t>(below));
    };
    for (std::int64_t t = 0; t < kTables; ++t) {
        tables.push_back(t);
        edges.emplace_back(t, next(kTables));
        if (t % 3 == 0) {
            edges.emplace_back(t, next(kTables));
        }
    }
    std::map<std::int64_t, Position> at;
    for (const Position& p : load_order(tables, edges)) {
        at[p.table] = p;
    }
    ASSERT_EQ(at.size(), tables.size());
    std::map<int, int> lowest_reason;  // cycle -> best rank of a parent outside
    std::map<std::int64_t, int> reason;
    for (const auto& [child, parent] : edges) {
        const Position& c = at[child];
        const Position& p = at[parent];
        if (child == parent || (c.cycle && c.cycle == p.cycle)) {
            continue;
        }
        EXPECT_GT(c.rank, p.rank);
        reason[child] = std::max(reason[child], p.rank + 1);
        if (c.cycle) {
            lowest_reason[*c.cycle] = std::max(lowest_reason[*c.cycle], p.rank + 1);
        }
    }
    for (const auto& [table, p] : at) {
        EXPECT_EQ(p.rank, p.cycle ? lowest_reason[*p.cycle] : reason[table]);
    }
}

// "1 2,3 4": places in load order, tables of one place with a comma.
std::string show(const std::vector<std::vector<std::int64_t>>& path) {
    std::string text;
    for (const auto& place : path) {
        text += text.empty() ? "" : " ";
        for (std::size_t i = 0; i < place.size(); ++i) {
            text += (i == 0 ? "" : ",") + std::to_string(place[i]);
        }
    }
    return text;
}

TEST(CriticalPath, IsTheHeaviestChainNotTheLongest) {
    // 1 <- 2 <- 3 weighs 30, 4 <- 5 weighs 50.
    EXPECT_EQ(show(critical_path({1, 2, 3, 4, 5}, {10, 10, 10, 20, 30}, {{2, 1}, {3, 2}, {5, 4}})), "4 5");
    EXPECT_EQ(show(critical_path({1, 2, 3, 4, 5}, {10, 30, 11, 20, 30}, {{2, 1}, {3, 2}, {5, 4}})), "1 2 3");
}

TEST(CriticalPath, TakesTheHeavierOfTwoParents) {
    EXPECT_EQ(show(critical_path({1, 2, 3}, {5, 9, 1}, {{3, 1}, {3, 2}})), "2 3");
    EXPECT_EQ(show(critical_path({1, 2, 3}, {9, 5, 1}, {{3, 1}, {3, 2}})), "1 3");
}

TEST(CriticalPath, ACycleIsOnePlaceWithTheWeightOfAllItsTables) {
    EXPECT_EQ(show(critical_path({1, 2, 3, 4, 5}, {1, 20, 20, 1, 41}, {{2, 3}, {3, 2}, {3, 1}, {4, 2}})), "1 2,3 4");
}

TEST(CriticalPath, OneTableAloneMayBeTheHeaviest) {
    EXPECT_EQ(show(critical_path({7, 8, 9}, {1, 99, 1}, {{9, 7}})), "8");
}

TEST(CriticalPath, TiesFollowTheGivenOrderAndWeightsBelowZeroAreNone) {
    EXPECT_EQ(show(critical_path({5, 6}, {0, 0}, {})), "5");
    EXPECT_EQ(show(critical_path({5, 6}, {-7, 0}, {})), "5");
    EXPECT_EQ(show(critical_path({5, 6, 7}, {3, 3, 1}, {{7, 6}, {7, 5}})), "5 7");
}

TEST(CriticalPath, NothingGivesNothing) { EXPECT_TRUE(critical_path({}, {}, {}).empty()); }

TEST(CriticalPath, AsManyWeightsAsTables) { EXPECT_THROW(critical_path({1, 2}, {1}, {}), std::invalid_argument); }

TEST(CriticalPath, ALongChainCostsNoStack) {
    constexpr std::int64_t kTables = 100000;
    std::vector<std::int64_t> tables;
    Edges edges;
    for (std::int64_t i = 0; i < kTables; ++i) {
        tables.push_back(i);
        if (i > 0) {
            edges.emplace_back(i, i - 1);
        }
    }
    EXPECT_EQ(critical_path(tables, std::vector<std::int64_t>(kTables, 1), edges).size(), kTables);
}

}  // namespace
}  // namespace lakemover::graph
