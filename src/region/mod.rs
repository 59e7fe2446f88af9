//! Regions: sets of requests, exactly. Decision diagrams first, a SAT solver where they grow too large.
