// Included by ProcessGroupGloo.hpp for names that it does not use: see context.h.
#pragma once
