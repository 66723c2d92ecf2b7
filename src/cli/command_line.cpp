#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <sstream>

#include "cli/command_hint.hpp"
#include "cli/validators.hpp"
#include "logdist/base/version.hpp"
#include "logdist/config/text.hpp"

namespace logdist::cli {
namespace {

constexpr const char* program = "log-distributor";

void add_config(CLI::App& command, std::optional<std::string>& config_file) {
  command.add_option("--config", config_file, "configuration file (YAML); without it only the environment counts")
      ->type_name("FILE");
}

CLI::App* add_serve(CLI::App& app, ServeCommandOptions& options) {
  CLI::App* command =
      app.add_subcommand("serve", "receive packets and distribute them over the analyzers (the default)");
  add_config(*command, options.config_file);
  return command;
}

CLI::App* add_check(CLI::App& app, CheckCommandOptions& options) {
  CLI::App* command = app.add_subcommand("check", "report every error in a configuration");
  add_config(*command, options.config_file);
  command->add_flag("--reload", options.reload, "for a daemon that is running: do not try the addresses to listen on");
  return command;
}

CLI::App* add_demo(CLI::App& app, tools::DemoCommandOptions& options) {
  CLI::App* command =
      app.add_subcommand("demo", "run daemon, agent and three analyzers in one process and show the shares");
  command->add_option("--seconds", options.seconds, "how long to run")->check(within(0.001, 1e9))->type_name("S");
  command->add_option("--packets", options.packets, "how many packets to send")->check(at_least_one())->type_name("N");
  return command;
}

CLI::App* add_analyzer(CLI::App& app, tools::AnalyzerCommandOptions& options, std::string& latency) {
  CLI::App* command = app.add_subcommand("analyzer", "run the reference analyzer, which counts what it gets");
  command->add_option("--listen", options.listen, "address to listen on; port 0 takes any free one")
      ->type_name("ADDR:PORT")
      ->required();
  command->add_option("--latency", latency, "wait before each answer, such as 5ms")
      ->check(duration(options.latency))
      ->type_name("DURATION");
  command->add_option("--fail-rate", options.fail_rate, "share of answers that are 500, 0 to 1")
      ->check(within(0, 1))
      ->type_name("RATE");
  command->add_option("--status", options.status, "status of every answer, 200 to 599")
      ->check(within(200, 599))
      ->type_name("STATUS");
  command
      ->add_option("--register", options.register_at,
                   "be known at consul://HOST:PORT/SERVICE or etcd://HOST:PORT/PREFIX")
      ->type_name("URL");
  return command;
}

/// Of what the port speaks with an https url.
void add_tls(CLI::App& command, tools::TargetTlsOptions& tls) {
  command
      .add_option("--ca", tls.ca, "of https: PEM file of the CAs to trust; default LOGDIST_CA_FILE, else the system's")
      ->type_name("FILE");
  command
      .add_option("--certificate", tls.certificate,
                  "of https: PEM file of a certificate, if one is asked for; default LOGDIST_CERTIFICATE_FILE")
      ->type_name("FILE");
  command.add_option("--key", tls.key, "of https: PEM file of its key; default LOGDIST_KEY_FILE")->type_name("FILE");
  command
      .add_option("--server-name", tls.server_name,
                  "of https: the name in the port's certificate; default LOGDIST_SERVER_NAME, else the URL's host")
      ->type_name("NAME");
}

CLI::App* add_agent(CLI::App& app, tools::AgentCommandOptions& options) {
  CLI::App* command =
      app.add_subcommand("agent", "send the lines of a file, dead letters or generated lines as packets");
  command->add_option("--target", options.target, "the packet port; the path is /v1/packets if it has none")
      ->type_name("URL")
      ->required();
  CLI::Option* const file =
      command->add_option("--file", options.file, "lines to send, - for stdin; without it they are generated")
          ->type_name("PATH|-");
  CLI::Option* const letters =
      command->add_option("--dead-letters", options.dead_letters, "dead letters to send again unchanged, - for stdin")
          ->type_name("PATH|-")
          ->excludes(file);
  command->add_option("--batch", options.batch, "messages per packet")
      ->check(within(1, 100'000))
      ->excludes(letters)
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--rate", options.rate, "packets per second; without it as fast as they are accepted")
      ->check(within(0.001, 1e9))
      ->type_name("N");
  command->add_option("--connections", options.connections, "how many packets may be in flight, each on its connection")
      ->check(within(1, 10'000))
      ->type_name("C")
      ->capture_default_str();
  command->add_option("--packets", options.packets, "stop after so many; without it at the end of the lines or Ctrl-C")
      ->check(at_least_one())
      ->type_name("N");
  add_tls(*command, options.tls);
  return command;
}

/// Where the admin port is, and by which token it is used.
void add_port(CLI::App& command, std::optional<std::string>& url, std::optional<std::string>& token_file,
              tools::TargetTlsOptions& tls) {
  command
      .add_option("--url", url,
                  "the daemon's admin port, also unix:/PATH; default LOGDIST_ADMIN__LISTEN, else http://127.0.0.1:8081")
      ->type_name("ADMIN_URL");
  command
      .add_option("--token-file", token_file,
                  "a file with the token for it; default LOGDIST_TOKEN, or the file that LOGDIST_TOKEN_FILE names")
      ->type_name("FILE");
  add_tls(command, tls);
}

CLI::App* add_health(CLI::App& app, tools::HealthCommandOptions& options) {
  CLI::App* command = app.add_subcommand("health", "exit with 0 if a running daemon is ready");
  add_port(*command, options.url, options.token_file, options.tls);
  command->add_flag("--live", options.live, "check only that it is alive, not that it accepts packets");
  return command;
}

CLI::App* add_analyzers(CLI::App& app, tools::AnalyzersCommandOptions& options) {
  using Action = tools::AnalyzersCommandOptions::Action;
  CLI::App* command =
      app.add_subcommand("analyzers", "list the analyzers of a running daemon, drain one or change its weight");
  command->require_subcommand(0, 1);
  add_port(*command, options.admin.url, options.admin.token_file, options.admin.tls);
  const auto add = [command, &options](const char* name, const char* what, Action action) {
    CLI::App* below = command->add_subcommand(name, what)->fallthrough();
    below->callback([&options, action] { options.action = action; });
    if (action != Action::list) below->add_option("name", options.name, "name of the analyzer")->required();
    return below;
  };
  add("list", "list all (the default)", Action::list);
  add("drain", "send it nothing new; what is in flight is awaited", Action::drain);
  add("undrain", "put it back into service", Action::undrain);
  add("weight", "set its weight, until the next reload", Action::weight)
      ->add_option("weight", options.weight, "above 0, at most 1000000")
      ->required();
  return command;
}

/// `times`: what is given for from and to, which are in the options once checked.
CLI::App* add_queue(CLI::App& app, QueueCommandOptions& options, std::array<std::string, 2>& times) {
  using Action = QueueCommandOptions::Action;
  CLI::App* command = app.add_subcommand("queue", "show what is in the directory of a durable queue; changes nothing");
  command->require_subcommand(1);
  command->add_option("--directory", options.directory, "queue.directory of the daemon, which may be at work")
      ->required()
      ->type_name("DIR");
  command->add_option("--from", times[0], "packets received from then on, such as 2026-05-01T10:00:00Z or -15m")
      ->check(time_of(options.from_ns))
      ->type_name("TIME");
  command->add_option("--to", times[1], "packets received before then")
      ->check(time_of(options.to_ns))
      ->type_name("TIME");
  command->add_flag("--dead-letters", options.dead_letters, "only packets that no analyzer takes");
  const auto add = [command, &options](const char* name, const char* what, Action action) {
    command->add_subcommand(name, what)->fallthrough()->callback([&options, action] { options.action = action; });
  };
  add("list", "a line for each packet: time, state, messages, bytes, id, agent", Action::list);
  add("verify", "read all of it; exit with 1 if records are damaged", Action::verify);
  add("export", "a JSON line for each packet, with its body", Action::export_packets);
  return command;
}

/// The daemon's own clock decides what a relative time means.
CLI::App* add_replay(CLI::App& app, tools::ReplayCommandOptions& options,
                     std::array<std::optional<std::int64_t>, 2>& times) {
  CLI::App* command = app.add_subcommand("replay", "make a running daemon send packets of its durable queue once more");
  add_port(*command, options.admin.url, options.admin.token_file, options.admin.tls);
  command->add_option("--from", options.from, "packets received from then on, such as 2026-05-01T10:00:00Z or -15m")
      ->check(time_of(times[0]))
      ->type_name("TIME");
  command->add_option("--to", options.to, "packets received before then; without it until now")
      ->check(time_of(times[1]))
      ->type_name("TIME");
  command->add_option("--id", options.ids, "only the packet with this id; may be given again")->type_name("ID");
  command->add_flag("--dead-letters", options.dead_letters, "only packets that no analyzer took");
  command->add_option("--analyzer", options.analyzer, "they go only to this one; without it to any")->type_name("NAME");
  command->add_option("--rate", options.rate, "packets per second; without it as fast as they are taken")
      ->check(within(0.001, 1e9))
      ->type_name("N");
  command->add_flag("--dry-run", options.dry_run, "only count them");
  return command;
}

CLI::App* add_reload(CLI::App& app, tools::ReloadCommandOptions& options) {
  CLI::App* command = app.add_subcommand("reload", "make a running daemon read its configuration again");
  add_port(*command, options.admin.url, options.admin.token_file, options.admin.tls);
  return command;
}

CLI::App* add_top(CLI::App& app, tools::TopCommandOptions& options, std::string& interval) {
  CLI::App* command = app.add_subcommand("top", "show a running daemon live, in a terminal or line by line");
  add_port(*command, options.port.url, options.port.token_file, options.port.tls);
  command->add_option("--interval", interval, "time between two updates, default 1s, at least 100ms")
      ->check(duration(options.interval))
      ->check(at_least(std::chrono::milliseconds(100), options.interval))
      ->type_name("DURATION");
  command->add_option("--count", options.count, "stop after so many updates; without it at q or Ctrl-C")
      ->check(at_least_one())
      ->type_name("N");
  return command;
}

/// What is wrong, in our words where the library's are not plain, and words in the order in
/// which they were given.
std::string in_words(const CLI::App& app, const CLI::ParseError& error) {
  // What a word too many lacks is not said: `list queue` is wrong whatever is given to `queue`.
  const bool is_required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || (is_required && !app.remaining(true).empty())) {
    std::vector<std::string> words;
    for (const std::string& word : app.remaining(true)) words.push_back(config::printable(word));
    return fmt::format("not expected: {}{}", fmt::join(words, " "), command_hint(app));
  }
  const std::string text = error.what();
  if (is_required && text == CLI::RequiredError::Subcommand(1).what()) return missing_word(app);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return text;
  const std::string option = text.substr(0, text.find(':'));
  const bool too_many = text.find("At Most") != std::string::npos;
  return option + (too_many ? " is given more than once" : " needs a value");
}

Exit ended(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() != 0) {
    const std::string path = command_path(app);
    return {1, fmt::format("{}: {} (see {} --help)\n", path, in_words(app, error), path)};
  }
  std::ostringstream output;
  app.exit(error, output, output);
  return {0, output.str()};
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Distributes packets of log messages over analyzers by weight.", program);
  app.set_version_flag("--version", fmt::format("{} {}", program, version()), "print the version");
  app.require_subcommand(0, 1);
  ServeCommandOptions default_serve;
  app.add_option("--config", default_serve.config_file, "configuration file of serve, the default command")
      ->type_name("FILE");

  ServeCommandOptions serve;
  CheckCommandOptions check;
  DiscoverCommandOptions discover;
  tools::DemoCommandOptions demo;
  tools::AnalyzerCommandOptions analyzer;
  tools::AgentCommandOptions agent;
  tools::HealthCommandOptions health;
  tools::AnalyzersCommandOptions analyzers;
  tools::ReloadCommandOptions reload;
  tools::ReplayCommandOptions replay;
  std::array<std::optional<std::int64_t>, 2> replay_times;
  tools::TopCommandOptions top;
  std::string latency, interval;
  QueueCommandOptions queue;
  std::array<std::string, 2> times;
  const CLI::App* serve_command = add_serve(app, serve);
  const CLI::App* check_command = add_check(app, check);
  CLI::App* discover_command = app.add_subcommand("discover", "print what each source of analyzers gives now");
  add_config(*discover_command, discover.config_file);
  const CLI::App* demo_command = add_demo(app, demo);
  const CLI::App* analyzer_command = add_analyzer(app, analyzer, latency);
  const CLI::App* agent_command = add_agent(app, agent);
  const CLI::App* health_command = add_health(app, health);
  const CLI::App* analyzers_command = add_analyzers(app, analyzers);
  const CLI::App* reload_command = add_reload(app, reload);
  const CLI::App* replay_command = add_replay(app, replay, replay_times);
  const CLI::App* top_command = add_top(app, top, interval);
  const CLI::App* queue_command = add_queue(app, queue, times);
  const CLI::App* token_command =
      app.add_subcommand("token", "make a token for the admin port, and its digest for the file of admin.tokens");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ended(app, error);
  }

  if (default_serve.config_file && !app.get_subcommands().empty()) {
    return Exit{1, fmt::format("{}: --config belongs after the command (see {} --help)\n", program, program)};
  }
  if (serve_command->parsed()) return serve;
  if (check_command->parsed()) return check;
  if (discover_command->parsed()) return discover;
  if (demo_command->parsed()) return demo;
  if (analyzer_command->parsed()) return analyzer;
  if (agent_command->parsed()) return agent;
  if (health_command->parsed()) return health;
  if (analyzers_command->parsed()) return analyzers;
  if (reload_command->parsed()) return reload;
  if (replay_command->parsed()) return replay;
  if (top_command->parsed()) return top;
  if (queue_command->parsed()) return queue;
  if (token_command->parsed()) return TokenCommandOptions{};
  return default_serve;
}

}  // namespace logdist::cli
