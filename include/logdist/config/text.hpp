// Durations, sizes, weights and addresses as text, of a room of its own.
#pragma once

#include "logdist/config/text/text.hpp"
