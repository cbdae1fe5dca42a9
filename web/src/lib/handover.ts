// What one page gives the next and no address should hold.
export const handover: { lookup: string; files: File[] } = { lookup: '', files: [] };
