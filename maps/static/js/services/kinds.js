// What kinds of stations there are, and at which levels.

export const KINDS = ["service_centre", "tourism_station", "member_studio", "alliance_station", "property_station", "terminal"];
export const LEVELS = ["city", "district", "street", "community", "compound"];
