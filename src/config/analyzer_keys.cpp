// The keys of one analyzer.
#include <utility>

#include "config/key_spec.hpp"

namespace logdist::config {
namespace {

template <typename Field, typename Type>
KeySpec<AnalyzerOptions> of_analyzer(std::string_view path, Field field, Type type, std::string_view meaning) {
  return key_spec<AnalyzerOptions>(path, field, std::move(type), meaning);
}

std::vector<KeySpec<AnalyzerOptions>> make_analyzer_keys() {
  const Text file{check_file_name, "a file name, or \"\" for none", ""};
  const auto whole_analyzer = [](auto& analyzer) -> auto& { return analyzer; };
  std::vector<KeySpec<AnalyzerOptions>> specs{
      of_analyzer(LOGDIST_KEY(name),
                  Text{check_analyzer_name, "1 to 64 of letters, digits, _, . and -", "^[A-Za-z0-9_.-]{1,64}$"},
                  "Its name in metrics, status and log; unique."),
      of_analyzer("url", whole_analyzer, AnalyzerUrl{}, "Where packets are POSTed."),
      of_analyzer(LOGDIST_KEY(weight), ExactWeight{},
                  "Its share is its weight divided by the sum of the weights in service."),
      of_analyzer(LOGDIST_KEY(max_in_flight), Whole{1, count_max}, "Instead of delivery.max_in_flight."),
      of_analyzer(LOGDIST_KEY(forward),
                  Choice<ForwardMode>{{{"packet-url", ForwardMode::packet_url}, {"native", ForwardMode::native}}},
                  "Where packets are POSTed: all to the url, or each to the url's host with its agent's own path and "
                  "query, for a server that speaks the agents' protocols."),
      of_analyzer(LOGDIST_KEY(formats), Protocols{},
                  "What it takes; for packets of other formats it is not in service."),
      of_analyzer(LOGDIST_KEY(decompress), Choice<bool>{{{"false", false}, {"true", true}}},
                  "Whether compressed bodies are decompressed for it, and sent without Content-Encoding."),
      of_analyzer(LOGDIST_KEY(tls.ca), file,
                  "Of an https url: PEM file of the CAs that its certificate leads to; \"\" is those of the system."),
      of_analyzer(LOGDIST_KEY(tls.certificate), file,
                  "Of an https url: PEM file of our certificate and the chain behind it, for one that asks for it."),
      of_analyzer(LOGDIST_KEY(tls.key), file, "Of an https url: PEM file of that certificate's private key."),
      of_analyzer(
          LOGDIST_KEY(tls.server_name),
          Text{check_server_name, "the name or address of a host, or \"\" for the url's", R"(^[A-Za-z0-9._:-]*$)"},
          "Of an https url: the name that its certificate must have, and that is sent (SNI)."),
      of_analyzer(LOGDIST_KEY(tls.verify), Choice<bool>{{{"false", false}, {"true", true}}},
                  "Of an https url: whether its certificate is verified; false protects from nobody."),
      of_analyzer(LOGDIST_KEY(zone),
                  Text{check_zone, "1 to 64 of letters, digits, _, . and -, or \"\"", "^[A-Za-z0-9_.-]{0,64}$"},
                  "Where it is, for status and metrics; \"\" is not known."),
      of_analyzer(LOGDIST_KEY(headers), Headers{},
                  "Sent to it with every packet, such as an API key; of `file:PATH`, what that file has."),
  };
  for (auto& spec : specs) {
    spec.required = spec.path == "name" || spec.path == "url";
    spec.live = true;
  }
  return specs;
}

}  // namespace

const std::vector<KeySpec<AnalyzerOptions>>& analyzer_keys() {
  static const std::vector<KeySpec<AnalyzerOptions>> specs = make_analyzer_keys();
  return specs;
}

}  // namespace logdist::config
