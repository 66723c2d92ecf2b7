// The one translation unit with the bodies of Boost.JSON.
#include <boost/json/src.hpp>
