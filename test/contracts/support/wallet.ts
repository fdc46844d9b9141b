/** How a WalletMock behaves; numbers as in its `Mode`. */
export const WALLET = {
  ACCEPT: 0,
  REJECT: 1,
  REVERT: 2,
  BURN_GAS: 3,
  RETURN_BOMB: 4,
  SHORT_RETURN: 5,
  DIRTY_RETURN: 6,
} as const;
