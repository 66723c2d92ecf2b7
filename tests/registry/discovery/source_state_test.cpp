// What an answer of a source changes, and what its absence does not.
#include "logdist/registry/discovery/source_state.hpp"

#include <gmock/gmock.h>

namespace logdist::registry {
namespace {

using Type = SourceNote::Type;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

config::AnalyzerOptions analyzer(const std::string& name, std::uint64_t weight = 1'000'000) {
  config::AnalyzerOptions made;
  made.name = name;
  made.url = "http://" + name;
  made.weight.units = weight;
  return made;
}

Answer answer_with(std::vector<config::AnalyzerOptions> analyzers, std::vector<Skipped> skipped = {}) {
  const std::size_t count = skipped.size();
  return {std::move(analyzers), std::move(skipped), count};
}

std::vector<Type> types(const SourceState::Reaction& reaction) {
  std::vector<Type> all;
  for (const SourceNote& note : reaction.notes) all.push_back(note.type);
  return all;
}

class SourceStates : public testing::Test {
 protected:
  SourceState state_{"dns", false, 1};
};

TEST_F(SourceStates, TheSetIsWhatWasAnsweredLast) {
  EXPECT_TRUE(state_.needs_answer());
  EXPECT_FALSE(state_.reachable());
  EXPECT_TRUE(state_.answered(answer_with({analyzer("a"), analyzer("b")})).changed);
  EXPECT_TRUE(state_.reachable());
  EXPECT_FALSE(state_.needs_answer());
  EXPECT_FALSE(state_.answered(answer_with({analyzer("a"), analyzer("b")})).changed);
  EXPECT_TRUE(state_.answered(answer_with({analyzer("a"), analyzer("b", 5)})).changed) << "another weight";
  EXPECT_TRUE(state_.answered(answer_with({analyzer("a")})).changed);
  EXPECT_EQ(state_.analyzers().size(), 1u);
}

TEST_F(SourceStates, AFailureLeavesTheSetAndIsToldOnce) {
  state_.answered(answer_with({analyzer("a")}));
  const auto first = state_.failed("cannot be reached: refused");
  EXPECT_FALSE(first.changed);
  ASSERT_THAT(types(first), ElementsAre(Type::failed));
  EXPECT_EQ(first.notes[0].text, "cannot be reached: refused; 1 analyzer stays");
  EXPECT_THAT(state_.failed("cannot be reached: refused").notes, IsEmpty());
  EXPECT_THAT(state_.failed("answers 500").notes, IsEmpty());
  EXPECT_FALSE(state_.reachable());
  EXPECT_TRUE(state_.needs_answer());
  EXPECT_EQ(state_.fault(), "answers 500");
  EXPECT_EQ(state_.analyzers().size(), 1u);
  const auto back = state_.answered(answer_with({analyzer("a")}));
  EXPECT_THAT(types(back), ElementsAre(Type::recovered));
  EXPECT_FALSE(back.changed);
  EXPECT_EQ(state_.fault(), "");
  EXPECT_THAT(types(state_.failed("x")), ElementsAre(Type::failed)) << "another outage";
}

TEST_F(SourceStates, BacksOffWithJitterUpToAMaximum) {
  Duration before{};
  for (int i = 0; i < 7; ++i) {
    const auto reaction = state_.failed("x");
    ASSERT_TRUE(reaction.wait);
    EXPECT_GT(*reaction.wait, before);
    before = *reaction.wait;
  }
  for (int i = 0; i < 100; ++i) {
    const Duration wait = *state_.failed("x").wait;
    EXPECT_GE(wait, SourceState::retry.max * 8 / 10);
    EXPECT_LE(wait, SourceState::retry.max * 12 / 10);
  }
  EXPECT_NE(*state_.failed("x").wait, *state_.failed("x").wait);
  state_.answered(answer_with({analyzer("a")}));
  EXPECT_LE(*state_.failed("x").wait, SourceState::retry.initial * 12 / 10);
}

TEST_F(SourceStates, NoAnalyzersIsObeyedTheThirdTime) {
  state_.answered(answer_with({analyzer("a")}));
  const auto first = state_.answered(answer_with({}));
  EXPECT_FALSE(first.changed);
  EXPECT_EQ(first.wait, SourceState::confirm_after);
  EXPECT_THAT(types(first), ElementsAre(Type::empty));
  EXPECT_TRUE(state_.needs_answer()) << "no change comes to confirm it";
  const auto second = state_.answered(answer_with({}));
  EXPECT_FALSE(second.changed);
  EXPECT_THAT(second.notes, IsEmpty());
  EXPECT_EQ(state_.analyzers().size(), 1u);
  EXPECT_TRUE(state_.answered(answer_with({})).changed);
  EXPECT_THAT(state_.analyzers(), IsEmpty());
  EXPECT_FALSE(state_.needs_answer());
  EXPECT_FALSE(state_.answered(answer_with({})).changed) << "there is nothing to lose";
}

TEST_F(SourceStates, OnlyThreeInARowCount) {
  state_.answered(answer_with({analyzer("a")}));
  for (int i = 0; i < 5; ++i) {
    state_.answered(answer_with({}));
    state_.answered(answer_with({}));
    EXPECT_FALSE(i % 2 == 0 ? state_.answered(answer_with({analyzer("a")})).changed : state_.failed("x").changed);
  }
  EXPECT_EQ(state_.analyzers().size(), 1u);
}

TEST(SourceState, NoAnalyzersIsObeyedAtOnceWhereThatIsAllowed) {
  SourceState state("dns", true, 1);
  state.answered(answer_with({analyzer("a")}));
  EXPECT_TRUE(state.answered(answer_with({})).changed);
  EXPECT_THAT(state.analyzers(), IsEmpty());
}

TEST_F(SourceStates, AnAnswerWithoutAnyGoodInstanceIsAFailure) {
  state_.answered(answer_with({analyzer("a")}));
  for (int i = 0; i < 5; ++i) {
    const auto reaction = state_.answered(answer_with({}, {{"h:1", "is garbage"}}));
    EXPECT_FALSE(reaction.changed);
    EXPECT_EQ(reaction.notes.size(), i == 0 ? 1u : 0u);
  }
  EXPECT_EQ(state_.fault(), "none of its 1 instance is usable; the first, h:1, is garbage");
  EXPECT_EQ(state_.analyzers().size(), 1u);
  EXPECT_EQ(state_.skipped(), 1u);
}

TEST_F(SourceStates, WhatIsSkippedIsToldOnceAsLongAsItStaysSo) {
  const auto with = [](std::vector<Skipped> skipped) { return answer_with({analyzer("a")}, std::move(skipped)); };
  const auto first = state_.answered(with({{"b", "has no url"}}));
  ASSERT_THAT(types(first), ElementsAre(Type::skipped));
  EXPECT_EQ(first.notes[0].text, "b is skipped: has no url");
  EXPECT_THAT(state_.answered(with({{"b", "has no url"}})).notes, IsEmpty());
  EXPECT_EQ(state_.answered(with({{"b", "has no url"}, {"c", "x"}})).notes.size(), 1u);
  EXPECT_EQ(state_.answered(with({{"b", "another reason"}})).notes.size(), 1u);
  EXPECT_THAT(state_.answered(with({})).notes, IsEmpty());
  EXPECT_EQ(state_.answered(with({{"b", "another reason"}})).notes.size(), 1u) << "it was right in between";
}

TEST_F(SourceStates, HundredsOfFaultsAreFewLines) {
  std::vector<Skipped> skipped;
  for (int i = 0; i < 100; ++i) skipped.push_back({std::to_string(i), "x"});
  const auto reaction = state_.answered(answer_with({analyzer("a")}, std::move(skipped)));
  ASSERT_EQ(reaction.notes.size(), SkippedNews::lines_max + 1);
  EXPECT_EQ(reaction.notes.back().text, "90 more are skipped");
}

TEST_F(SourceStates, TheCacheIsASetThatNobodyHasConfirmed) {
  state_.restore({analyzer("a")});
  EXPECT_TRUE(state_.needs_answer());
  EXPECT_FALSE(state_.reachable());
  EXPECT_THAT(state_.failed("x").notes[0].text, HasSubstr("1 analyzer stays"));
  EXPECT_FALSE(state_.answered(answer_with({})).changed) << "it is not dropped for one empty answer";
  EXPECT_FALSE(state_.answered(answer_with({analyzer("a")})).changed);
}

}  // namespace
}  // namespace logdist::registry
