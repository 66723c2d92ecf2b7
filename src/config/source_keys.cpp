// The keys of the sources of analyzers, and of where the daemon makes itself known.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/key_spec.hpp"
#include "logdist/config/analyzer_list.hpp"

namespace logdist::config {
namespace {

using Specs = std::vector<KeySpec<SourceOptions>>;

template <typename Value, typename Type>
KeySpec<SourceOptions> of_source(std::string_view path, Value SourceOptions::*member, Type type,
                                 std::string_view meaning, bool required = false) {
  auto spec = key_spec<SourceOptions>(
      path, [member](auto& source) -> auto& { return source.*member; }, std::move(type), meaning);
  spec.required = required;
  return spec;
}

OptionalError check_source_url(std::string_view text) {
  const auto url = parse_url(text);
  return url ? OptionalError() : OptionalError(url.error());
}

OptionalError check_source_urls(std::string_view text) {
  constexpr std::size_t urls_max = 16;
  const std::vector<std::string> urls = split_list(text);
  if (urls.empty() || urls.size() > urls_max) return ValueError{fmt::format("has {} URLs", urls.size())};
  for (const std::string& url : urls) {
    if (auto error = check_source_url(url)) return error;
  }
  return std::nullopt;
}

constexpr Span look_or_own{0ms, 24h};
constexpr Text any_text{check_file_name, "a text", ""};
constexpr Text given_text{check_directory, "a text", ""};
constexpr Text secret_text{check_secret, "file:PATH, or \"\" for none", "^(file:.+)?$"};
constexpr Text url_text{check_source_url, "http://HOST[:PORT][/PATH][?QUERY], or https://",
                        "^[Hh][Tt][Tt][Pp][Ss]?://"};

Specs dns_keys() {
  return {
      of_source("name", &SourceOptions::name, given_text, "Name that is looked up.", true),
      of_source("type", &SourceOptions::record, Choice<DnsRecord>{{{"A", DnsRecord::a}, {"SRV", DnsRecord::srv}}},
                "A: one analyzer per address, of IPv6, too; SRV: one per record, of which port and weight are, and of "
                "which only those of the first priority count."),
      of_source("port", &SourceOptions::port, Whole{0, 65535}, "Port of the analyzers; of A, which has none."),
      of_source("interval", &SourceOptions::interval, look_or_own,
                "From one look-up to the next; 0 is 10s, of SRV as long as the records may be kept."),
  };
}

Specs consul_keys() {
  return {
      of_source("url", &SourceOptions::url, url_text, "Consul's HTTP API.", true),
      of_source("service", &SourceOptions::service, given_text, "Service whose passing instances are the analyzers.",
                true),
      of_source("tag", &SourceOptions::tag, any_text, "Only those that have this tag; \"\" is all."),
      of_source("datacenter", &SourceOptions::datacenter, any_text, "Of this datacenter; \"\" is the agent's own."),
      of_source("token", &SourceOptions::token, secret_text, "File with the token of Consul's ACLs."),
  };
}

Specs etcd_keys() {
  auto endpoints = of_source("endpoints", &SourceOptions::endpoints,
                             Text{check_source_urls, "URLs, http:// or https://, up to 16 of them", ""},
                             "etcd's clients' URLs; the next is tried when one does not answer.", true);
  endpoints.is_list = true;
  return {
      std::move(endpoints),
      of_source("prefix", &SourceOptions::prefix, given_text,
                "Keys that begin so have an analyzer each, as JSON: {\"url\": …, \"weight\": …, \"zone\": …}."),
      of_source("user", &SourceOptions::user, any_text, "Who logs in; \"\" is nobody."),
      of_source("password", &SourceOptions::password, secret_text, "File with the user's password."),
  };
}

Specs file_keys() {
  return {
      of_source("path", &SourceOptions::files, given_text,
                "Files, with * and ? for any characters; each has a list as `analyzers` has it.", true),
      of_source("interval", &SourceOptions::interval, look_or_own,
                "They are watched, and read again at least so often; 0 is 30s."),
  };
}

Specs http_keys() {
  return {
      of_source("url", &SourceOptions::url, url_text, "Is GET; the answer is JSON in Prometheus's http_sd form.", true),
      of_source("interval", &SourceOptions::interval, look_or_own, "From one request to the next; 0 is 30s."),
  };
}

Specs own_keys(SourceType type) {
  switch (type) {
    case SourceType::dns: return dns_keys();
    case SourceType::consul: return consul_keys();
    case SourceType::etcd: return etcd_keys();
    case SourceType::file: return file_keys();
    case SourceType::http: return http_keys();
  }
  return {};
}

/// Of those of `tls.`, for the source's own URL.
void add_source_tls(Specs& specs) {
  for (const auto& of_analyzer : analyzer_keys()) {
    if (!of_analyzer.path.starts_with("tls.")) continue;
    KeySpec<SourceOptions>& spec = specs.emplace_back();
    spec.path = "source_" + of_analyzer.path;
    spec.type = of_analyzer.type;
    spec.allowed = of_analyzer.allowed;
    spec.choices = of_analyzer.choices;
    spec.pattern = of_analyzer.pattern;
    spec.meaning = "Of the source's own https URL, as `" + of_analyzer.path + "` of an analyzer's.";
    spec.assign = [&of_analyzer](SourceOptions& source, std::string_view text) {
      AnalyzerOptions holder;
      holder.tls = source.source_tls;
      auto error = of_analyzer.assign(holder, text);
      source.source_tls = std::move(holder.tls);
      return error;
    };
    spec.show = [&of_analyzer](const SourceOptions& source) {
      AnalyzerOptions holder;
      holder.tls = source.source_tls;
      return of_analyzer.show(holder);
    };
  }
}

/// What an analyzer is given where it says nothing itself.
void add_defaults(Specs& specs) {
  for (const auto& of_analyzer : analyzer_keys()) {
    if (of_analyzer.required) continue;
    KeySpec<SourceOptions>& spec = specs.emplace_back();
    spec.path = of_analyzer.path;
    spec.type = of_analyzer.type;
    spec.allowed = of_analyzer.allowed;
    spec.meaning = "Of its analyzers that give none: " + of_analyzer.meaning;
    spec.choices = of_analyzer.choices;
    spec.pattern = of_analyzer.pattern;
    spec.bounds = of_analyzer.bounds;
    spec.is_list = of_analyzer.is_list;
    if (of_analyzer.assign) {
      spec.assign = [&of_analyzer](SourceOptions& source, std::string_view text) {
        return of_analyzer.assign(source.defaults, text);
      };
    } else {
      spec.assign_entry = [&of_analyzer](SourceOptions& source, std::string_view name, std::string_view value) {
        return of_analyzer.assign_entry(source.defaults, name, value);
      };
    }
    spec.show = [&of_analyzer](const SourceOptions& source) { return of_analyzer.show(source.defaults); };
  }
}

Specs make_source_keys(SourceType type) {
  Specs specs = own_keys(type);
  if (type != SourceType::file) {
    specs.push_back(of_source("path", &SourceOptions::path,
                              Text{check_request_path, "a path that starts with /", R"(^/[^#\s]*$)"},
                              "Path of analyzers that are given by host and port."));
    specs.push_back(of_source("scheme", &SourceOptions::scheme,
                              Text{[](std::string_view text) {
                                     return text == "http" || text == "https"
                                                ? OptionalError()
                                                : OptionalError(ValueError{quote(text) + " is unknown"});
                                   },
                                   "http or https", "^https?$"},
                              "How those are spoken to."));
  }
  specs.push_back(of_source(
      "source", &SourceOptions::source,
      Text{check_zone, "1 to 64 of letters, digits, _, . and -, or \"\" for its type", "^[A-Za-z0-9_.-]{0,64}$"},
      "Its name in metrics, status and log, with which its analyzers' names begin; unique."));
  specs.push_back(of_source("allow_empty", &SourceOptions::allow_empty,
                            Choice<bool>{{{"false", false}, {"true", true}}},
                            "Whether an answer without analyzers is obeyed at once, and not only the third in a row."));
  const bool is_asked_by_http = type != SourceType::file && type != SourceType::dns;
  if (is_asked_by_http) add_source_tls(specs);
  add_defaults(specs);
  for (auto& spec : specs) spec.live = true;
  return specs;
}

}  // namespace

const std::vector<KeySpec<SourceOptions>>& source_keys(SourceType type) {
  static const std::array<Specs, source_types.size()> all{
      make_source_keys(SourceType::dns), make_source_keys(SourceType::consul), make_source_keys(SourceType::etcd),
      make_source_keys(SourceType::file), make_source_keys(SourceType::http)};
  return all[static_cast<std::size_t>(type)];
}

/// A secret is in no configuration, where it would be shown.
OptionalError check_secret(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (!text.starts_with("file:") || text.size() == 5) return ValueError{"is not file:PATH"};
  return check_file_name(text);
}

OptionalError check_optional_url(std::string_view text) { return text.empty() ? std::nullopt : check_source_url(text); }

OptionalError check_optional_urls(std::string_view text) {
  return text.empty() ? std::nullopt : check_source_urls(text);
}

std::string set_url(AnalyzerOptions& analyzer, std::string_view url) {
  const auto error = AnalyzerUrl{}.assign(analyzer, url);
  return error ? error->text : "";
}

std::string set_weight(AnalyzerOptions& analyzer, std::string_view weight) {
  const auto error = ExactWeight{}.assign(analyzer.weight, weight);
  return error ? error->text : "";
}

std::string set_zone(AnalyzerOptions& analyzer, std::string_view zone) {
  if (const auto error = check_zone(zone)) return error->text;
  analyzer.zone = zone;
  return {};
}

std::vector<KeySpec<Options>> register_keys() {
  const Text any{check_file_name, "a text", ""};
  const auto key = [](std::string_view path, auto field, auto type, std::string_view meaning) {
    return key_spec<Options>(
        path, [field](auto& options) -> auto& { return field(options.registration); }, type, meaning);
  };
  return {
      key(
          "register.consul.url", [](auto& to) -> auto& { return to.consul.url; },
          Text{check_optional_url, "a URL, or \"\" for none", ""},
          "Consul's HTTP API, in which the daemon is a service; \"\" is none."),
      key(
          "register.consul.service", [](auto& to) -> auto& { return to.consul.service; }, any, "Name of the service."),
      key(
          "register.consul.token", [](auto& to) -> auto& { return to.consul.token; },
          Text{check_secret, "file:PATH, or \"\" for none", "^(file:.+)?$"}, "File with the token of Consul's ACLs."),
      key(
          "register.etcd.endpoints", [](auto& to) -> auto& { return to.etcd.endpoints; },
          Text{check_optional_urls, "URLs with commas between them, or \"\" for none", ""},
          "etcd's clients' URLs, by which the daemon has a key; \"\" is none."),
      key(
          "register.etcd.prefix", [](auto& to) -> auto& { return to.etcd.prefix; }, any, "With which that key begins."),
      key(
          "register.etcd.user", [](auto& to) -> auto& { return to.etcd.user; }, any, "Who logs in; \"\" is nobody."),
      key(
          "register.etcd.password", [](auto& to) -> auto& { return to.etcd.password; },
          Text{check_secret, "file:PATH, or \"\" for none", "^(file:.+)?$"}, "File with the user's password."),
      key(
          "register.host", [](auto& to) -> auto& { return to.host; },
          Text{check_server_name, "the name or address of a host, or \"\"", R"(^[A-Za-z0-9._:-]*$)"},
          "By which others reach the daemon; \"\" is the address it listens on, or this machine's name."),
      key(
          "register.ttl", [](auto& to) -> auto& { return to.ttl; }, Span{5s, 1h},
          "Without a sign of life it is forgotten after so long."),
  };
}

}  // namespace logdist::config
