#include "cli/command_line.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace logdist::cli {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Command parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "log-distributor");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, ServesByDefault) {
  EXPECT_EQ(std::get<ServeCommandOptions>(parse({})).config_file, std::nullopt);
  EXPECT_EQ(std::get<ServeCommandOptions>(parse({"--config", "a.yaml"})).config_file, "a.yaml");
  EXPECT_EQ(std::get<ServeCommandOptions>(parse({"serve"})).config_file, std::nullopt);
  EXPECT_EQ(std::get<ServeCommandOptions>(parse({"serve", "--config", "b.yaml"})).config_file, "b.yaml");
}

TEST(CommandLine, NamesEachCommandsOptions) {
  EXPECT_EQ(std::get<CheckCommandOptions>(parse({"check", "--config", "c.yaml"})).config_file, "c.yaml");
  EXPECT_EQ(std::get<tools::HealthCommandOptions>(parse({"health"})).url, std::nullopt);
  EXPECT_EQ(std::get<tools::HealthCommandOptions>(parse({"health", "--url", "http://h:1"})).url, "http://h:1");

  const auto demo = std::get<tools::DemoCommandOptions>(parse({"demo", "--seconds", "1.5", "--packets=9"}));
  EXPECT_EQ(demo.seconds, 1.5);
  EXPECT_EQ(demo.packets, 9u);
  EXPECT_EQ(std::get<tools::DemoCommandOptions>(parse({"demo"})).seconds, std::nullopt);

  const auto analyzer = std::get<tools::AnalyzerCommandOptions>(
      parse({"analyzer", "--listen", ":0", "--latency", "5ms", "--fail-rate", "0.1", "--status", "503"}));
  EXPECT_EQ(analyzer.listen, ":0");
  EXPECT_EQ(analyzer.latency, 5ms);
  EXPECT_EQ(analyzer.fail_rate, 0.1);
  EXPECT_EQ(analyzer.status, 503u);

  const auto agent =
      std::get<tools::AgentCommandOptions>(parse({"agent", "--target", "http://h:1", "--file", "-", "--batch", "7",
                                                  "--rate", "2.5", "--connections", "3", "--packets", "12345678901"}));
  EXPECT_EQ(agent.target, "http://h:1");
  EXPECT_EQ(agent.file, "-");
  EXPECT_EQ(agent.batch, 7u);
  EXPECT_EQ(agent.rate, 2.5);
  EXPECT_EQ(agent.connections, 3u);
  EXPECT_EQ(agent.packets, 12'345'678'901u);
  EXPECT_EQ(std::get<tools::AgentCommandOptions>(parse({"agent", "--target", "http://h"})).batch, 50u);
  EXPECT_EQ(std::get<tools::AgentCommandOptions>(parse({"agent", "--target", "http://h", "--dead-letters", "d"}))
                .dead_letters,
            "d");
  EXPECT_TRUE(std::get<tools::HealthCommandOptions>(parse({"health", "--live"})).live);
  EXPECT_EQ(std::get<CheckCommandOptions>(parse({"check"})).config_file, std::nullopt);
}

TEST(CommandLine, SteersARunningDaemon) {
  using Action = tools::AnalyzersCommandOptions::Action;
  EXPECT_EQ(std::get<tools::AnalyzersCommandOptions>(parse({"analyzers"})).action, Action::list);
  EXPECT_EQ(std::get<tools::AnalyzersCommandOptions>(parse({"analyzers", "list"})).action, Action::list);
  const auto drain =
      std::get<tools::AnalyzersCommandOptions>(parse({"analyzers", "drain", "alpha", "--url", "http://h:1"}));
  EXPECT_EQ(drain.action, Action::drain);
  EXPECT_EQ(drain.name, "alpha");
  EXPECT_EQ(drain.admin.url, "http://h:1");
  EXPECT_EQ(std::get<tools::AnalyzersCommandOptions>(parse({"analyzers", "undrain", "b"})).action, Action::undrain);
  const auto weight =
      std::get<tools::AnalyzersCommandOptions>(parse({"analyzers", "--url", "http://h", "weight", "b", "0.5"}));
  EXPECT_EQ(weight.action, Action::weight);
  EXPECT_EQ(weight.name, "b");
  EXPECT_EQ(weight.weight, "0.5");
  EXPECT_EQ(std::get<tools::ReloadCommandOptions>(parse({"reload"})).admin.url, std::nullopt);
  EXPECT_EQ(std::get<Exit>(parse({"analyzers", "drain"})).code, 1);
  EXPECT_EQ(std::get<Exit>(parse({"analyzers", "weight", "b"})).code, 1);
}

TEST(CommandLine, KnowsWhatWasMeant) {
  EXPECT_THAT(std::get<Exit>(parse({"servee"})).output, HasSubstr("; did you mean `serve`?"));
  EXPECT_THAT(std::get<Exit>(parse({"--config", "a.yaml", "chekc"})).output, HasSubstr("; did you mean `check`?"));
  EXPECT_THAT(std::get<Exit>(parse({"analyzers", "darin", "a"})).output, HasSubstr("; did you mean `drain`?"));
  EXPECT_THAT(std::get<Exit>(parse({"elephant"})).output, testing::Not(HasSubstr("did you mean")));
  EXPECT_THAT(std::get<Exit>(parse({"serve", "elephant"})).output, testing::Not(HasSubstr("did you mean")));
}

TEST(CommandLine, KnowsWhichFlagWasMeant) {
  const auto output = [](std::vector<const char*> words) { return std::get<Exit>(parse(std::move(words))).output; };
  EXPECT_THAT(output({"serve", "--confg", "a"}), HasSubstr("not expected: --confg a; did you mean `--config`?"));
  EXPECT_THAT(output({"agent", "--tagret=http://h"}), HasSubstr("; did you mean `--target`?"));
  EXPECT_THAT(output({"--verison"}), HasSubstr("; did you mean `--version`?"));
  EXPECT_THAT(output({"-v"}), HasSubstr("; did you mean `--version`?"));
  EXPECT_THAT(output({"--target", "http://h"}), HasSubstr("; did you mean `agent --target`?"));
  EXPECT_THAT(output({"--live"}), HasSubstr("; did you mean `health --live`?"));
  for (const char* command : {"serve", "check"}) {
    EXPECT_THAT(output({command, "a.yaml"}), HasSubstr("not expected: a.yaml; did you mean `--config a.yaml`?"));
  }
  EXPECT_THAT(output({"a/b.json"}), HasSubstr("; did you mean `--config a/b.json`?"));
  for (const auto& words : std::vector<std::vector<const char*>>{
           {"top", "a.yaml"}, {"top", "--target", "x"}, {"--elephant"}, {"serve", "-v"}}) {
    EXPECT_THAT(output(words), testing::Not(HasSubstr("did you mean"))) << words[0];
  }
}

TEST(CommandLine, SaysWhichCommandAnErrorIsAbout) {
  const auto said = [](std::vector<const char*> words) { return std::get<Exit>(parse(std::move(words))).output; };
  EXPECT_EQ(said({"agent"}), "log-distributor agent: --target is required (see log-distributor agent --help)\n");
  EXPECT_EQ(said({"analyzers", "drain"}),
            "log-distributor analyzers drain: name is required (see log-distributor analyzers drain --help)\n");
  EXPECT_EQ(said({"queue", "--directory", "d"}),
            "log-distributor queue: one of list, verify, export is required (see log-distributor queue --help)\n");
  EXPECT_THAT(said({"top", "--count", "0"}), StartsWith("log-distributor top: --count: \"0\" is out of range; "));
  EXPECT_THAT(said({"--elephant"}), StartsWith("log-distributor: not expected: --elephant (see log-distributor --h"));
}

TEST(CommandLine, KnowsWordsThatStandBeforeOrWithoutTheirCommand) {
  const auto output = [](std::vector<const char*> words) {
    const auto exit = std::get<Exit>(parse(std::move(words)));
    EXPECT_EQ(exit.code, 1);
    return exit.output;
  };
  for (const std::string command : {"analyzers", "queue"}) {
    const std::vector<const char*> own = command == "queue"
                                             ? std::vector<const char*>{"list", "verify", "export"}
                                             : std::vector<const char*>{"list", "drain", "undrain", "weight"};
    for (const char* word : own) {
      EXPECT_THAT(output({word, command.c_str()}), HasSubstr(fmt::format("; did you mean `{} {}`?", command, word)));
    }
  }
  EXPECT_THAT(output({"drain"}), HasSubstr("not expected: drain; did you mean `analyzers drain`?"));
  EXPECT_THAT(output({"list"}), HasSubstr("; did you mean `analyzers list` or `queue list`?"));
  EXPECT_THAT(output({"analyzer", "list"}), HasSubstr("; did you mean `analyzers list` or `queue list`?"));
  EXPECT_THAT(output({"queue", "lst"}), HasSubstr("; did you mean `list`?"));
  EXPECT_THAT(output({"help"}), HasSubstr("; did you mean `--help`?"));
  const std::vector<std::vector<const char*>> unknown{
      {"analyzers", "list", "list"}, {"serve", "check"}, {"analyzers", "elephant"}};
  for (const auto& words : unknown) {
    EXPECT_THAT(output(words), testing::Not(HasSubstr("did you mean"))) << words[1];
  }
}

TEST(CommandLine, HelpListsTheCommandsAndVersionIsOneLine) {
  const auto help = std::get<Exit>(parse({"--help"}));
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"serve", "check", "demo", "analyzer", "agent", "health", "analyzers", "reload"}) {
    EXPECT_THAT(help.output, HasSubstr("\n  " + std::string(command) + " "));
  }
  const auto agent_help = std::get<Exit>(parse({"agent", "--help"}));
  EXPECT_EQ(agent_help.code, 0);
  EXPECT_THAT(agent_help.output, AllOf(HasSubstr("--target URL"), HasSubstr("--batch")));
  const auto version = std::get<Exit>(parse({"--version"}));
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.output, testing::MatchesRegex("log-distributor [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, AUsageErrorIsOneLineAndOne) {
  const std::vector<std::vector<const char*>> wrong{
      {"nonsense"},
      {"--nonsense"},
      {"serve", "check", "--config", "x"},
      {"--config", "x", "check", "--config", "y"},
      {"agent"},
      {"agent", "--target", "http://h", "--batch", "0"},
      {"agent", "--target", "http://h", "--dead-letters", "d", "--file", "f"},
      {"agent", "--target", "http://h", "--dead-letters", "d", "--batch", "5"},
      {"agent", "--target", "http://h", "--rate", "0"},
      {"agent", "--target", "http://h", "--rate", "fast"},
      {"agent", "--target", "http://h", "--connections", "-1"},
      {"agent", "--target", "http://h", "--packets", "-1"},
      {"agent", "--target", "http://h", "--packets", "0"},
      {"demo", "--seconds", "0"},
      {"analyzer"},
      {"analyzer", "--listen", ":0", "--latency", "5"},
      {"analyzer", "--listen", ":0", "--fail-rate", "1.1"},
      {"analyzer", "--listen", ":0", "--status", "99"},
      {"health", "extra"},
  };
  for (const auto& arguments : wrong) {
    const Command command = parse(arguments);
    const auto* exit = std::get_if<Exit>(&command);
    ASSERT_TRUE(exit) << testing::PrintToString(arguments);
    EXPECT_EQ(exit->code, 1);
    EXPECT_THAT(exit->output, StartsWith("log-distributor"));
    EXPECT_EQ(exit->output.find('\n'), exit->output.size() - 1) << exit->output;
  }
}

TEST(CommandLine, SaysWhatIsWrongInTheOrderInWhichItWasGiven) {
  const auto said = [](std::initializer_list<const char*> arguments) {
    return std::get<Exit>(parse(arguments)).output;
  };
  EXPECT_EQ(said({"serve", "extra", "words", "here"}),
            "log-distributor serve: not expected: extra words here (see log-distributor serve --help)\n");
  EXPECT_EQ(said({"demo", "--seconds", "1", "--bogus", "3", "rest"}),
            "log-distributor demo: not expected: --bogus 3 rest (see log-distributor demo --help)\n");
  EXPECT_EQ(said({"agent", "--target"}),
            "log-distributor agent: --target needs a value (see log-distributor agent --help)\n");
  EXPECT_EQ(said({"serve", "--config", "a", "--config", "b"}),
            "log-distributor serve: --config is given more than once (see log-distributor serve --help)\n");
  EXPECT_THAT(said({"agent", "--target", "http://h", "--rate", "fast"}),
              HasSubstr("--rate: \"fast\" is not a number; "));
  EXPECT_THAT(said({"agent", "--target", "http://h", "--rate", "0"}), HasSubstr("--rate: \"0\" is out of range; "));
}

}  // namespace
}  // namespace logdist::cli
